SELECT *
FROM decisions
WHERE execution_id = ?
ORDER BY step NULLS LAST
