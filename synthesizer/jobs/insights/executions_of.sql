-- The executions of these decisions.
SELECT DISTINCT execution_id
FROM decisions
WHERE decision_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id ASC NULLS LAST
