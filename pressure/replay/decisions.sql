-- Decisions of the executions ?, each with the place of its execution in the list.
SELECT
    wanted.place,
    d.decision_id,
    d.turn,
    d.role,
    d.action,
    d.tool,
    d.arguments,
    d.arguments_digest,
    d.output_digest,
    d.outcome,
    d.error,
    d.output,
    d.reasoning,
    d.tokens_in,
    d.tokens_out,
    d.cost_usd,
    d.duration_ms,
    d.model,
    epoch_us(d.started_at) AS started_at
FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS execution_id, unnest(CAST(? AS BIGINT[])) AS place) AS wanted
JOIN decisions AS d ON d.execution_id = wanted.execution_id
ORDER BY wanted.place NULLS LAST, d.step NULLS LAST, d.decision_id NULLS LAST
