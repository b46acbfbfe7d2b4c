-- The executions to write, and how many decisions each has.
SELECT
    execution_id,
    CAST(decisions AS BIGINT) AS decisions
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
  AND (CAST(? AS VARCHAR) IS NULL OR agent_id = CAST(? AS VARCHAR))
  AND (CAST(? AS VARCHAR) IS NULL OR execution_id = CAST(? AS VARCHAR))
ORDER BY agent_id ASC NULLS LAST, execution_id ASC NULLS LAST
