-- The calls of an agent's runs, in their order, as far as run-time limits are about them.
SELECT
    d.execution_id,
    d.role,
    regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
    d.arguments_digest,
    d.duration_ms
FROM decisions AS d
JOIN executions AS e ON d.execution_id = e.execution_id
WHERE e.agent_id = ? AND coalesce(e.labels['branch'], '') <> 'abandoned' AND d.kind NOT IN ('failure', 'guard')
ORDER BY d.execution_id ASC NULLS LAST, d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
