-- What an agent did, action by action and run by run, and how often that failed.
SELECT
    d.action,
    d.execution_id,
    CAST(count(*) AS BIGINT) AS calls,
    CAST(count(*) FILTER (WHERE d.outcome = 'failed') AS BIGINT) AS failed,
    CAST(count(*) FILTER (WHERE d.outcome = 'timeout') AS BIGINT) AS timeouts,
    min(d.step) FILTER (WHERE d.outcome IN ('failed', 'timeout')) AS first_broken
FROM decisions AS d
JOIN executions AS e ON e.execution_id = d.execution_id
WHERE e.agent_id = ? AND coalesce(e.labels['branch'], '') <> 'abandoned'
GROUP BY d.action, d.execution_id
ORDER BY d.action, d.execution_id
