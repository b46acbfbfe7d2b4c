SELECT *
FROM executions
WHERE execution_id = ?
ORDER BY execution_id NULLS LAST
