-- The tasks of executions in words.
SELECT execution_id, task_text
FROM executions
WHERE list_contains(?, execution_id)
ORDER BY execution_id
