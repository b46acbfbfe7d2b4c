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
WHERE list_contains(?, d.decision_id)
UNION ALL
SELECT
    execution_id AS record_id,
    'execution' AS kind,
    agent_id,
    signature AS action,
    status AS outcome,
    session_id,
    NULL AS arguments_digest,
    source_id,
    source_offset,
    source_length
FROM executions
WHERE list_contains(?, execution_id)
ORDER BY kind, record_id
