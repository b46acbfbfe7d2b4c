-- Calls (action and arguments) of an agent, or of every agent, made again unchanged when the same call had failed the
-- time before. Only calls that failed once are put in order: most never do.
WITH failed AS (
    SELECT DISTINCT execution_id, action, arguments_digest
    FROM decisions
    WHERE (CAST(? AS VARCHAR) IS NULL OR agent_id = CAST(? AS VARCHAR))
        AND outcome IN ('failed', 'timeout')
        AND arguments_digest IS NOT NULL
),
calls AS (
    SELECT
        e.agent_id,
        d.execution_id,
        d.step,
        d.outcome,
        d.duration_ms,
        lag(d.outcome) OVER (PARTITION BY d.execution_id, d.action, d.arguments_digest ORDER BY d.step NULLS LAST) AS before
    FROM decisions AS d
    INNER JOIN failed AS f
        ON f.execution_id = d.execution_id AND f.action = d.action AND f.arguments_digest = d.arguments_digest
    INNER JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE (CAST(? AS VARCHAR) IS NULL OR (e.agent_id = CAST(? AS VARCHAR) AND d.agent_id = CAST(? AS VARCHAR)))
        AND coalesce(e.labels['branch'], '') <> 'abandoned'
)
SELECT
    agent_id,
    execution_id,
    outcome = 'ok' AS helped,
    duration_ms
FROM calls
WHERE before IN ('failed', 'timeout')
ORDER BY agent_id ASC NULLS LAST, execution_id ASC NULLS LAST, step ASC NULLS LAST
