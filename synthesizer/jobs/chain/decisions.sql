SELECT *
FROM decisions
WHERE agent_id = ? AND execution_id = ?
ORDER BY step ASC NULLS LAST, decision_id ASC NULLS LAST
