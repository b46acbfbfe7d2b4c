-- Executions an agent or an id (or its beginning) names, in the order they ran.
SELECT execution_id, agent_id, task_text
FROM executions
WHERE (CAST(? AS VARCHAR) IS NULL OR agent_id = ?) AND (CAST(? AS VARCHAR) IS NULL OR starts_with(execution_id, ?))
ORDER BY started_at NULLS LAST, execution_id NULLS LAST
