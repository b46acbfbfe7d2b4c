-- The calls of the executions ? in their order, each with what the pressure engine answered to it.
SELECT
    wanted.place,
    d.decision_id,
    d.execution_id,
    d.agent_id,
    d.step,
    d.action,
    d.tool,
    d.role,
    d.kind,
    d.outcome,
    d.arguments,
    d.arguments_digest,
    d.error,
    epoch_us(d.started_at) AS started_at,
    d.duration_ms,
    p.pressure,
    p.mode
FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS execution_id, unnest(CAST(? AS BIGINT[])) AS place) AS wanted
INNER JOIN decisions AS d ON d.execution_id = wanted.execution_id
LEFT JOIN pressure AS p ON p.decision_id = d.decision_id
ORDER BY wanted.place ASC NULLS LAST, d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
