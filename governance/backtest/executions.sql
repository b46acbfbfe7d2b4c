-- What a policy may ask about each execution besides its calls, in the order they ran.
SELECT
    execution_id,
    team_id,
    epoch_us(started_at) AS started_at,
    epoch_us(ended_at) AS ended_at
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
  AND coalesce(labels['record'], '') <> 'guard'
ORDER BY started_at ASC NULLS LAST, execution_id ASC NULLS LAST
