-- Executions an agent ran on its own account, with what they did and took. The order of time is made outside.
SELECT
    e.execution_id,
    e.agent_id,
    e.model,
    e.status,
    e.success,
    epoch_us(e.started_at) AS started_at,
    e.duration_ms,
    e.cost_usd,
    p.actions,
    p.decisions
FROM executions AS e
LEFT JOIN paths AS p ON p.execution_id = e.execution_id
WHERE e.parent_execution_id IS NULL
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
  AND (CAST(? AS VARCHAR) IS NULL OR e.agent_id = CAST(? AS VARCHAR))
ORDER BY e.agent_id ASC NULLS LAST, e.execution_id ASC NULLS LAST
