-- The tool (of a shell: the program) each execution called most for each role. A role with no name says nothing.
WITH used AS (
    SELECT
        d.execution_id,
        d.role,
        CASE WHEN d.role = 'shell' THEN regexp_replace(d.action, '[_-][0-9]+$', '') ELSE d.tool END AS choice,
        CAST(count(*) AS BIGINT) AS calls
    FROM decisions AS d
    WHERE d.kind NOT IN ('failure', 'guard')
      AND d.role NOT IN ('', 'other')
      AND d.tool <> ''
    GROUP BY
        d.execution_id,
        d.role,
        CASE WHEN d.role = 'shell' THEN regexp_replace(d.action, '[_-][0-9]+$', '') ELSE d.tool END
),
most AS (
    SELECT execution_id, role, max(calls) AS calls
    FROM used
    GROUP BY execution_id, role
)
SELECT
    m.execution_id,
    m.role,
    min(u.choice) AS choice
FROM most AS m
INNER JOIN used AS u ON u.execution_id = m.execution_id AND u.role = m.role AND u.calls = m.calls
INNER JOIN executions AS e ON e.execution_id = m.execution_id
WHERE coalesce(e.labels['branch'], '') <> 'abandoned'
GROUP BY m.execution_id, m.role
ORDER BY m.role ASC NULLS LAST, m.execution_id ASC NULLS LAST
