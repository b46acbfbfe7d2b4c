-- An execution by its id, or by the beginning of it.
SELECT *
FROM executions
WHERE execution_id = ? OR starts_with(execution_id, ?)
ORDER BY execution_id NULLS LAST
LIMIT 50
