-- The tool (of a shell: the program) each execution called most for each role. A role with no name says nothing.
WITH used AS (
    SELECT
        d.execution_id,
        d.role,
        CASE WHEN d.role = 'shell' THEN regexp_replace(d.action, '[_-][0-9]+$', '') ELSE d.tool END AS choice,
        CAST(count(*) AS BIGINT) AS calls
    FROM decisions AS d
    INNER JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard')
      AND d.role NOT IN ('', 'other')
      AND d.tool <> ''
      AND coalesce(e.labels['branch'], '') <> 'abandoned'
    GROUP BY
        d.execution_id,
        d.role,
        CASE WHEN d.role = 'shell' THEN regexp_replace(d.action, '[_-][0-9]+$', '') ELSE d.tool END
),
ranked AS (
    SELECT
        execution_id,
        role,
        choice,
        row_number() OVER (
            PARTITION BY execution_id, role
            ORDER BY calls DESC NULLS LAST, choice ASC NULLS LAST
        ) AS place
    FROM used
)
SELECT
    execution_id,
    role,
    choice
FROM ranked
WHERE place = 1
ORDER BY role ASC NULLS LAST, execution_id ASC NULLS LAST
