-- The highest pressure of an execution that the vault shows, and the mode after the decision that had it. Which
-- executions are shown is known to whoever asks: the views would find it out for all of them.
SELECT v.peak_pressure AS pressure, p.mode, v.peak_step AS step
FROM vitals_stored AS v
INNER JOIN executions_stored AS e ON e.execution_id = v.execution_id AND e.reading = v.reading
INNER JOIN pressure_stored AS p ON p.execution_id = v.execution_id AND p.reading = v.reading AND p.step = v.peak_step
WHERE v.execution_id = ?
ORDER BY p.decision_id NULLS LAST
LIMIT 1
