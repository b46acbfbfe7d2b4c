-- Paths of some runs, however they ended.
SELECT
    execution_id,
    false AS success,
    actions,
    decision_ids
FROM paths
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id NULLS LAST
