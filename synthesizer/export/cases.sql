-- Executions as the cases of an event log.
SELECT
    execution_id,
    agent_id,
    framework,
    session_id,
    parent_execution_id,
    model,
    status,
    success,
    success_from,
    score,
    started_at,
    ended_at,
    duration_ms,
    tokens_in,
    tokens_out,
    cost_usd,
    operator_id,
    team_id,
    instance_id
FROM executions
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY agent_id ASC NULLS LAST, execution_id ASC NULLS LAST
