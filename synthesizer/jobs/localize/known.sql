-- Paths of all runs whose success is known.
SELECT
    p.execution_id,
    e.success,
    p.actions
FROM paths AS p
INNER JOIN executions AS e ON e.execution_id = p.execution_id
WHERE e.success IS NOT NULL
ORDER BY p.execution_id NULLS LAST
