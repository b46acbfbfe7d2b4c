-- Decisions of one execution.
SELECT execution_id, decision_id, outcome IN ('failed', 'timeout') AS failed, kind NOT IN ('failure', 'guard') AS chosen
FROM decisions
WHERE execution_id = ?
ORDER BY step NULLS LAST, decision_id NULLS LAST
