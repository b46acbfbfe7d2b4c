SELECT *
FROM executions
WHERE execution_id = ?
