-- How many executions of an agent and framework (null: of any) have no known success.
SELECT CAST(count(*) FILTER (WHERE success IS NULL) AS BIGINT) AS unknown
FROM executions
WHERE (CAST(? AS VARCHAR) IS NULL OR agent_id = ?) AND (CAST(? AS VARCHAR) IS NULL OR framework = ?)
