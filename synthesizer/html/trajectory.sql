-- The pressure after each decision of some executions, as replayed.
SELECT p.execution_id, p.step, p.pressure, p.mode
FROM pressure AS p
WHERE p.execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY p.execution_id NULLS LAST, p.step NULLS LAST, p.decision_id NULLS LAST
