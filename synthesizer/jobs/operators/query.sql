-- Executions that name who stands behind them, in the order they began.
SELECT
    execution_id,
    operator_id,
    team_id,
    instance_id,
    session_id,
    agent_id,
    status,
    success,
    epoch_us(started_at) AS started_at,
    epoch_us(coalesce(ended_at, started_at)) AS ended_at
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY started_at ASC NULLS LAST, execution_id ASC NULLS LAST
