-- Executions whose success is known, with how many decisions of theirs the vault holds.
SELECT e.execution_id, e.agent_id, e.framework, e.success, CAST(count(d.decision_id) AS BIGINT) AS decisions
FROM executions AS e
LEFT JOIN decisions AS d ON d.execution_id = e.execution_id
WHERE e.success IS NOT NULL
GROUP BY e.execution_id, e.agent_id, e.framework, e.success
ORDER BY e.execution_id NULLS LAST
