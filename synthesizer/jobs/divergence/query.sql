-- Top-level executions: who, under which conditions, and how it ended.
SELECT
    execution_id,
    agent_id,
    framework,
    model,
    status,
    success,
    epoch_us(started_at) AS started_at,
    epoch_us(coalesce(ended_at, started_at)) AS ended_at
FROM executions
WHERE parent_execution_id IS NULL
  AND coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY execution_id ASC NULLS LAST
