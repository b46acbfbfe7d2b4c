-- The choices of one run; what it met with (failures, guards) is no choice of its agent.
SELECT
    decision_id, step, kind, action, tool, role, outcome, arguments, arguments_digest, output_digest, reasoning, error,
    output, source_id || ':' || CAST(source_offset AS VARCHAR) || '+' || CAST(source_length AS VARCHAR) AS evidence
FROM decisions
WHERE agent_id = ? AND execution_id = ? AND kind NOT IN ('failure', 'guard')
ORDER BY step NULLS LAST, decision_id NULLS LAST
