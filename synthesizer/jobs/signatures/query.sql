-- One row per execution: sums of floating numbers are taken outside, where their order is fixed.
SELECT
    execution_id,
    agent_id,
    signature,
    status,
    success,
    duration_ms,
    tokens_in,
    tokens_out,
    cost_usd,
    epoch_us(started_at) AS started_at,
    epoch_us(coalesce(ended_at, started_at)) AS ended_at
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
  AND (CAST(? AS VARCHAR) IS NULL OR agent_id = CAST(? AS VARCHAR))
ORDER BY agent_id ASC NULLS LAST, signature ASC NULLS LAST, execution_id ASC NULLS LAST
