-- One row per run that counts: what was left behind on an abandoned branch is no run of its own, and what soma's own
-- guards wrote is no run of an agent.
SELECT
    execution_id,
    agent_id,
    framework,
    status,
    success,
    epoch_us(started_at) AS started_at,
    epoch_us(ended_at) AS ended_at,
    decisions,
    CAST(failed + timeout AS INTEGER) AS broken,
    cost_usd,
    CAST(coalesce(tokens_in, 0) + coalesce(tokens_out, 0) AS BIGINT) AS tokens,
    (tokens_in IS NOT NULL OR tokens_out IS NOT NULL) AS tokens_known
FROM executions
WHERE labels['branch'] IS DISTINCT FROM 'abandoned'
  AND labels['record'] IS DISTINCT FROM 'guard'
  AND (CAST(? AS VARCHAR) IS NULL OR agent_id = CAST(? AS VARCHAR))
ORDER BY agent_id NULLS LAST, started_at NULLS LAST, execution_id NULLS LAST
