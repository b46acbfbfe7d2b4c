-- The errors that ended runs of an agent, or of every agent.
SELECT
    agent_id,
    execution_id,
    error
FROM executions
WHERE (CAST(? AS VARCHAR) IS NULL OR (agent_id = CAST(? AS VARCHAR) AND agent_id = CAST(? AS VARCHAR)))
    AND error IS NOT NULL
    AND coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY agent_id ASC NULLS LAST, execution_id ASC NULLS LAST
