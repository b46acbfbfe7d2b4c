-- Decisions that failed or timed out. Of a long error its two ends: the line that tells is mostly in one of them.
SELECT
    d.execution_id,
    d.decision_id,
    regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
    d.outcome = 'timeout' AS timed_out,
    CASE
        WHEN length(d.error) > 1200 THEN substr(d.error, 1, 600) || chr(10) || substr(d.error, length(d.error) - 599, 600)
        ELSE d.error
    END AS error
FROM decisions AS d
INNER JOIN executions AS e ON e.execution_id = d.execution_id
WHERE d.outcome IN ('failed', 'timeout')
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY d.execution_id ASC NULLS LAST, d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
