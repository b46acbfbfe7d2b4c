-- The pressure after each decision of some executions, as replayed.
SELECT p.execution_id, p.step, p.pressure, p.mode
FROM pressure_stored AS p
JOIN visible AS s ON s.execution_id = p.execution_id AND s.reading = p.reading
WHERE p.execution_id IN (SELECT unnest(?::VARCHAR[]))
ORDER BY p.execution_id, p.step, p.decision_id
