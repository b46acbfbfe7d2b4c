-- The first decision of every place of the paths of some executions.
SELECT
    execution_id,
    decision_ids
FROM paths
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id ASC NULLS LAST
