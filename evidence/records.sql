-- The executions and decisions with these ids, and where each was read from.
SELECT
    d.decision_id AS record_id,
    'decision' AS kind,
    d.agent_id,
    d.action,
    d.outcome,
    e.session_id,
    d.arguments_digest,
    d.source_id,
    d.source_offset,
    d.source_length
FROM decisions AS d
JOIN executions AS e ON d.execution_id = e.execution_id
WHERE d.decision_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
UNION ALL
SELECT
    execution_id AS record_id,
    'execution' AS kind,
    agent_id,
    signature AS action,
    status AS outcome,
    session_id,
    CAST(NULL AS VARCHAR) AS arguments_digest,
    source_id,
    source_offset,
    source_length
FROM executions
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY kind NULLS LAST, record_id NULLS LAST
