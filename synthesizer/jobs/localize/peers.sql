-- Paths of the runs named whose success is known, and that of the run itself, which is the last parameter.
SELECT
    p.execution_id,
    coalesce(e.success, false) AS success,
    p.actions,
    p.decision_ids
FROM paths AS p
INNER JOIN executions AS e ON e.execution_id = p.execution_id
WHERE p.execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
  AND (e.success IS NOT NULL OR p.execution_id = ?)
ORDER BY p.execution_id
