-- Executions whose success is known.
SELECT execution_id, agent_id, framework, success
FROM executions
WHERE success IS NOT NULL
ORDER BY execution_id
