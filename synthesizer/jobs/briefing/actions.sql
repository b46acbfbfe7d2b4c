-- What the agent does, action by action, and how often that fails.
SELECT
    d.action,
    CAST(count(*) AS BIGINT) AS calls,
    CAST(count(*) FILTER (WHERE d.outcome = 'failed') AS BIGINT) AS failed,
    CAST(count(*) FILTER (WHERE d.outcome = 'timeout') AS BIGINT) AS timeouts,
    CAST(count(DISTINCT d.execution_id) AS BIGINT) AS executions,
    CAST(count(DISTINCT d.execution_id) FILTER (WHERE d.outcome IN ('failed', 'timeout')) AS BIGINT) AS broken_executions,
    sum(d.duration_ms) FILTER (WHERE d.outcome IN ('failed', 'timeout')) AS wasted_ms,
    min(d.decision_id) FILTER (WHERE d.outcome IN ('failed', 'timeout')) AS example
FROM decisions AS d
JOIN executions AS e ON e.execution_id = d.execution_id
WHERE d.agent_id = ? AND e.labels['branch'] IS DISTINCT FROM 'abandoned'
GROUP BY d.action
ORDER BY count(*) FILTER (WHERE d.outcome IN ('failed', 'timeout')) DESC, d.action
