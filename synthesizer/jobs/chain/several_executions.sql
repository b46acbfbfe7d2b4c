-- Some executions by their ids.
SELECT *
FROM executions
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id NULLS LAST
