-- Executions an agent ran on its own account: not those it delegated, not branches that were abandoned.
SELECT
    execution_id,
    agent_id,
    task_id,
    substr(task_text, 1, 8000) AS task_text
FROM executions
WHERE parent_execution_id IS NULL
  AND coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY execution_id ASC NULLS LAST
