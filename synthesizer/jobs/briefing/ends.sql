-- The errors that ended runs of an agent.
SELECT execution_id, error
FROM executions
WHERE agent_id = ? AND error IS NOT NULL AND coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY execution_id NULLS LAST
