-- The choices of one run; what it met with (failures, guards) is no choice of its agent.
SELECT
    decision_id, step, kind, action, tool, role, outcome, arguments, arguments_digest, output_digest, reasoning, error,
    output, concat(source_id, ':', source_offset, '+', source_length) AS evidence
FROM decisions
WHERE agent_id = ? AND execution_id = ? AND kind NOT IN ('failure', 'guard')
ORDER BY step, decision_id
