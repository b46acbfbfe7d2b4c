-- Every execution but abandoned branches: who, under which conditions, how it ended and what it took.
SELECT
    execution_id,
    parent_execution_id,
    agent_id,
    framework,
    task_id,
    model,
    status,
    success,
    duration_ms,
    CASE
        WHEN tokens_in IS NULL AND tokens_out IS NULL THEN NULL
        ELSE coalesce(tokens_in, 0) + coalesce(tokens_out, 0)
    END AS tokens,
    cost_usd,
    operator_id
FROM executions
WHERE coalesce(labels['branch'], '') <> 'abandoned'
ORDER BY execution_id ASC NULLS LAST
