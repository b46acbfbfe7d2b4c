-- The failed calls of an agent: which, what they said, what they took.
SELECT
    d.action,
    d.execution_id,
    d.decision_id,
    d.error,
    d.duration_ms
FROM decisions AS d
JOIN executions AS e ON e.execution_id = d.execution_id
WHERE e.agent_id = ?
  AND d.outcome IN ('failed', 'timeout')
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY d.execution_id, d.step
