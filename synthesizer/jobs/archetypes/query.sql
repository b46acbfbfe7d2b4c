-- Executions an agent ran on its own account, with the path each took and how it ended.
SELECT
    e.execution_id,
    e.agent_id,
    p.actions,
    e.status,
    e.success,
    e.duration_ms,
    e.cost_usd
FROM executions AS e
INNER JOIN paths AS p ON p.execution_id = e.execution_id
WHERE e.parent_execution_id IS NULL
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY e.execution_id ASC NULLS LAST
