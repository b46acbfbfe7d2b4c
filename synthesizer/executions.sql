-- How many executions the vault shows.
SELECT CAST(count(*) AS BIGINT) AS executions
FROM executions
