-- Executions whose id begins so, the exact one first, and who ran them.
SELECT
    execution_id,
    agent_id
FROM executions
WHERE starts_with(execution_id, CAST(? AS VARCHAR))
ORDER BY length(execution_id) ASC NULLS LAST, execution_id ASC NULLS LAST
LIMIT 6
