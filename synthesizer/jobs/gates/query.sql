-- Executions an agent ran on its own account, with everything arms can be told by, in the order of time.
SELECT
    execution_id,
    agent_id,
    framework,
    adapter,
    session_id,
    model,
    operator_id,
    team_id,
    instance_id,
    labels,
    status,
    success,
    epoch_us(started_at) AS started_at
FROM executions
WHERE parent_execution_id IS NULL
  AND coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY started_at ASC NULLS LAST, execution_id ASC NULLS LAST
