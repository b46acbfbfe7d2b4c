-- Calls (action and arguments) made again unchanged when the same call had failed the time before.
WITH calls AS (
    SELECT
        d.execution_id,
        d.step,
        d.outcome,
        d.duration_ms,
        lag(d.outcome) OVER (PARTITION BY d.execution_id, d.action, d.arguments_digest ORDER BY d.step NULLS LAST) AS before
    FROM decisions AS d
    JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE e.agent_id = ? AND d.arguments_digest IS NOT NULL AND coalesce(e.labels['branch'], '') <> 'abandoned'
)
SELECT execution_id, outcome = 'ok' AS helped, duration_ms
FROM calls
WHERE before IN ('failed', 'timeout')
ORDER BY execution_id NULLS LAST, step NULLS LAST
