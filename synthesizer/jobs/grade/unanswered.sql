-- Decisions of executions whose success is known, of which the pressure of at least one is not kept.
WITH unkept AS (
    SELECT DISTINCT d.execution_id
    FROM decisions AS d
    SEMI JOIN (SELECT execution_id FROM executions WHERE success IS NOT NULL) AS e ON e.execution_id = d.execution_id
    ANTI JOIN pressure AS p ON p.decision_id = d.decision_id
)
SELECT
    d.execution_id, d.decision_id, d.outcome IN ('failed', 'timeout') AS failed,
    d.kind NOT IN ('failure', 'guard') AS chosen
FROM decisions AS d
SEMI JOIN unkept AS u ON u.execution_id = d.execution_id
ORDER BY d.execution_id NULLS LAST, d.step NULLS LAST, d.decision_id NULLS LAST
