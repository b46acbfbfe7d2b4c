-- Error texts alike but for numbers, per action.
SELECT
    d.action,
    regexp_replace(left(trim(split_part(coalesce(d.error, ''), chr(10), 1)), 160), '[0-9]+', '#', 'g') AS error,
    min(left(trim(split_part(coalesce(d.error, ''), chr(10), 1)), 160)) AS example,
    CAST(count(*) AS BIGINT) AS many
FROM decisions AS d
JOIN executions AS e ON e.execution_id = d.execution_id
WHERE d.agent_id = ? AND d.outcome IN ('failed', 'timeout') AND e.labels['branch'] IS DISTINCT FROM 'abandoned'
GROUP BY d.action, regexp_replace(left(trim(split_part(coalesce(d.error, ''), chr(10), 1)), 160), '[0-9]+', '#', 'g')
ORDER BY many DESC, d.action, error
LIMIT 500
