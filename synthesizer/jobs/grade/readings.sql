-- Decisions of the executions whose success is known, with what the pressure engine answered, where that is kept.
SELECT
    d.execution_id,
    d.decision_id,
    d.outcome IN ('failed', 'timeout') AS failed,
    d.kind NOT IN ('failure', 'guard') AS chosen,
    p.pressure,
    p.mode IN ('WARN', 'BLOCK') AS warned,
    p.pressures,
    p.floor,
    p.floor_reason,
    p.patterns
FROM decisions AS d
SEMI JOIN (SELECT execution_id FROM executions WHERE success IS NOT NULL) AS e ON e.execution_id = d.execution_id
JOIN pressure AS p ON p.decision_id = d.decision_id
ORDER BY d.execution_id NULLS LAST, d.step NULLS LAST, d.decision_id NULLS LAST
