-- Who ran, and how it ended. A branch that was abandoned is no run of its own.
SELECT
    execution_id,
    agent_id,
    status,
    success
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
  AND (CAST(? AS VARCHAR) IS NULL OR agent_id = CAST(? AS VARCHAR))
ORDER BY agent_id ASC NULLS LAST, execution_id ASC NULLS LAST
