-- The executions that were delegated from the executions ?.
SELECT execution_id, agent_id, task_text, parent_execution_id AS parent
FROM executions
WHERE parent_execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY started_at NULLS LAST, execution_id NULLS LAST
