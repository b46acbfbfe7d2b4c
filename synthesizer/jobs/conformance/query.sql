-- Every execution with its path: places and decisions per place as one text each, because few paths differ.
SELECT
    e.execution_id,
    e.agent_id,
    e.status,
    e.success,
    array_to_string(p.actions, chr(31)) AS actions,
    array_to_string(p.decisions, ',') AS decisions
FROM executions AS e
LEFT JOIN paths AS p ON p.execution_id = e.execution_id
WHERE coalesce(e.labels['branch'], '') <> 'abandoned'
  AND (CAST(? AS VARCHAR) IS NULL OR e.agent_id = CAST(? AS VARCHAR))
ORDER BY e.agent_id ASC NULLS LAST, e.execution_id ASC NULLS LAST
