-- The highest pressure of an execution, and the mode after the decision that had it.
SELECT v.peak_pressure AS pressure, p.mode, v.peak_step AS step
FROM vitals AS v
JOIN pressure AS p ON p.execution_id = v.execution_id AND p.step = v.peak_step
WHERE v.execution_id = ?
ORDER BY p.decision_id NULLS LAST
LIMIT 1
