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
whole AS (
    SELECT execution_id, max(micros) AS micros, CAST(sum(micros) AS BIGINT) AS total
    FROM timed
    GROUP BY execution_id
    HAVING CAST(count(*) AS BIGINT) > 1 AND CAST(sum(micros) AS BIGINT) > 0
)
SELECT
    w.execution_id,
    min(t.action) AS action,
    w.micros,
    w.total
FROM whole AS w
INNER JOIN timed AS t ON t.execution_id = w.execution_id AND t.micros = w.micros
INNER JOIN executions AS e ON e.execution_id = w.execution_id
WHERE coalesce(e.labels['branch'], '') <> 'abandoned'
  AND coalesce(e.labels['record'], '') <> 'guard'
GROUP BY w.execution_id, w.micros, w.total
ORDER BY w.execution_id ASC NULLS LAST
