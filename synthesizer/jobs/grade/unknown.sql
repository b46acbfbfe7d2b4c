-- How many executions of an agent and framework (null: of any) have no known success.
SELECT count(*) FILTER (success IS NULL) AS unknown
FROM executions
WHERE (?::VARCHAR IS NULL OR agent_id = ?) AND (?::VARCHAR IS NULL OR framework = ?)
