-- The action each execution spent most time in, where the times of at least two are known. A decision that led to others
-- of the same execution holds their time too and does not count.
WITH holders AS (
    SELECT DISTINCT execution_id, parent_decision_id
    FROM decisions
    WHERE parent_decision_id IS NOT NULL
),
timed AS (
    SELECT
        d.execution_id,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        CAST(sum(CAST(floor(d.duration_ms * 1000 + 5e-1) AS BIGINT)) AS BIGINT) AS micros
    FROM decisions AS d
    LEFT JOIN holders AS h ON h.execution_id = d.execution_id AND h.parent_decision_id = d.decision_id
    WHERE h.execution_id IS NULL
      AND d.duration_ms BETWEEN 0 AND 1e11
    GROUP BY d.execution_id, regexp_replace(d.action, '[_-][0-9]+$', '')
),
ranked AS (
    SELECT
        execution_id,
        action,
        micros,
        CAST(sum(micros) OVER (PARTITION BY execution_id) AS BIGINT) AS total,
        CAST(count(*) OVER (PARTITION BY execution_id) AS BIGINT) AS actions,
        row_number() OVER (
            PARTITION BY execution_id
            ORDER BY micros DESC NULLS LAST, action ASC NULLS LAST
        ) AS place
    FROM timed
)
SELECT
    r.execution_id,
    r.action,
    r.micros,
    r.total
FROM ranked AS r
INNER JOIN executions AS e ON e.execution_id = r.execution_id
WHERE r.place = 1
  AND r.actions > 1
  AND r.total > 0
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
  AND coalesce(e.labels['record'], '') <> 'guard'
ORDER BY r.execution_id ASC NULLS LAST
