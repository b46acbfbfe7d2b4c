-- Every run in the order they ended, as far as the four calls of a policy source ask.
SELECT
    agent_id,
    team_id,
    status,
    epoch_us(coalesce(ended_at, started_at)) AS ended_at
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY ended_at ASC NULLS FIRST, execution_id ASC NULLS LAST
