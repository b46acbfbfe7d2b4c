-- Choices as the events of an event log, named as in the process map: numeric suffixes do not tell two actions apart, and
-- what an execution met with (failures, guards) is not a choice.
SELECT
    execution_id,
    decision_id,
    agent_id,
    step,
    turn,
    kind,
    regexp_replace(action, '[_-][0-9]+$', '') AS action,
    tool,
    role,
    outcome,
    confidence,
    started_at,
    duration_ms,
    tokens_in,
    tokens_out,
    cost_usd,
    model
FROM decisions
WHERE kind NOT IN ('failure', 'guard')
  AND execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY agent_id ASC NULLS LAST, execution_id ASC NULLS LAST, step ASC NULLS LAST, decision_id ASC NULLS LAST
