-- The calls of an agent that failed. Of a long error its two ends: the line that tells is mostly in one of them.
SELECT
    d.action,
    d.execution_id,
    d.decision_id,
    d.outcome = 'timeout' AS timed_out,
    CASE
        WHEN length(d.error) > 1200 THEN substr(d.error, 1, 600) || chr(10) || substr(d.error, length(d.error) - 599, 600)
        ELSE d.error
    END AS error,
    d.duration_ms
FROM decisions AS d
JOIN executions AS e ON e.execution_id = d.execution_id
WHERE e.agent_id = ? AND d.outcome IN ('failed', 'timeout') AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY d.execution_id NULLS LAST, d.step NULLS LAST
