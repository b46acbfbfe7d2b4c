-- The calls of an agent, or of every agent, that failed. Of a long error its two ends: the line that tells is mostly in
-- one of them.
SELECT
    e.agent_id,
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
INNER JOIN executions AS e ON e.execution_id = d.execution_id
WHERE (CAST(? AS VARCHAR) IS NULL OR (e.agent_id = CAST(? AS VARCHAR) AND d.agent_id = CAST(? AS VARCHAR)))
    AND d.outcome IN ('failed', 'timeout')
    AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY e.agent_id ASC NULLS LAST, d.execution_id ASC NULLS LAST, d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
