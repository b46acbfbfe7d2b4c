-- Executions an agent ran on its own account, with the path each took; sums are taken outside, where their order is
-- fixed.
SELECT
    e.execution_id,
    e.agent_id,
    p.actions,
    e.status,
    e.success,
    e.duration_ms,
    e.cost_usd
FROM executions AS e
LEFT JOIN paths AS p ON p.execution_id = e.execution_id
WHERE e.parent_execution_id IS NULL
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY e.execution_id ASC NULLS LAST
