-- How often an agent chose each action.
SELECT d.action, CAST(count(*) AS BIGINT) AS calls
FROM decisions AS d
JOIN executions AS e ON e.execution_id = d.execution_id
WHERE e.agent_id = ? AND coalesce(e.labels['branch'], '') <> 'abandoned'
GROUP BY d.action
ORDER BY d.action NULLS LAST
