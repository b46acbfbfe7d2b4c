-- Every execution, in a fixed order.
SELECT execution_id, agent_id, framework, success, task_text
FROM executions
ORDER BY execution_id NULLS LAST
