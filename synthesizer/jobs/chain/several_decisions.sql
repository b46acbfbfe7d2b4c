-- The decisions of some executions by their ids and those of their agents.
SELECT *
FROM decisions
WHERE agent_id IN (SELECT unnest(CAST(? AS VARCHAR[]))) AND execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id ASC NULLS LAST, step ASC NULLS LAST, decision_id ASC NULLS LAST
