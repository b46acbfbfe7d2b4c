-- The labels of executions an agent ran on its own account, asked for only where a rule of the project names labels.
SELECT
    execution_id,
    labels
FROM executions
WHERE parent_execution_id IS NULL
  AND coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY execution_id ASC NULLS LAST
