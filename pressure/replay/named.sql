-- The executions ?, in the order given.
SELECT e.execution_id, e.agent_id, e.task_text
FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS execution_id, unnest(CAST(? AS BIGINT[])) AS place) AS wanted
JOIN executions AS e ON e.execution_id = wanted.execution_id
ORDER BY wanted.place NULLS LAST
