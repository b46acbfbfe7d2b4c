-- The same call (action and arguments) made again after it had failed: how often, and how often that helped.
WITH calls AS (
    SELECT
        d.execution_id,
        d.action,
        d.step,
        d.outcome,
        d.duration_ms,
        min(CASE WHEN d.outcome IN ('failed', 'timeout') THEN d.step END)
            OVER (PARTITION BY d.execution_id, d.action, d.arguments_digest) AS first_failure
    FROM decisions AS d
    JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE d.agent_id = ? AND d.arguments_digest IS NOT NULL AND e.labels['branch'] IS DISTINCT FROM 'abandoned'
)
SELECT
    CAST(count(*) AS BIGINT) AS again,
    CAST(count(*) FILTER (WHERE outcome = 'ok') AS BIGINT) AS helped,
    CAST(count(DISTINCT execution_id) AS BIGINT) AS executions,
    coalesce(sum(duration_ms), 0.0) AS spent_ms
FROM calls
WHERE step > first_failure
