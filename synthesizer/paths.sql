-- The paths of executions that agents ran on their own account.
SELECT
    p.execution_id,
    p.actions
FROM paths AS p
INNER JOIN executions AS e ON e.execution_id = p.execution_id
WHERE e.parent_execution_id IS NULL
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY p.execution_id ASC NULLS LAST
