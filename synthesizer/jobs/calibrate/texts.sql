-- The tasks of executions in words.
SELECT execution_id, task_text
FROM executions
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id NULLS LAST
