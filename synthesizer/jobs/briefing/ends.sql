-- How the agent's runs ended when something outside its decisions ended them.
SELECT
    regexp_replace(left(trim(split_part(error, chr(10), 1)), 160), '[0-9]+', '#', 'g') AS error,
    min(left(trim(split_part(error, chr(10), 1)), 160)) AS example,
    CAST(count(*) AS BIGINT) AS many
FROM executions
WHERE agent_id = ? AND error IS NOT NULL AND labels['branch'] IS DISTINCT FROM 'abandoned'
GROUP BY regexp_replace(left(trim(split_part(error, chr(10), 1)), 160), '[0-9]+', '#', 'g')
ORDER BY many DESC, error
LIMIT 5
