-- The executions of these decisions.
SELECT DISTINCT execution_id
FROM decisions
WHERE list_contains(?, decision_id)
ORDER BY execution_id ASC NULLS LAST
