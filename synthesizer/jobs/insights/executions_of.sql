-- The executions of these decisions.
SELECT DISTINCT
    decision_id,
    execution_id
FROM decisions
WHERE decision_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY decision_id ASC NULLS LAST, execution_id ASC NULLS LAST
