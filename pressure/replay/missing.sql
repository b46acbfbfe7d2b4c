-- Visible executions that no kept replay of the engine ? stands for, laid out as decisions are.
SELECT e.execution_id, v.reading, e.decisions
FROM executions AS e
JOIN visible AS v ON v.execution_id = e.execution_id
LEFT JOIN vitals_stored AS k ON k.execution_id = v.execution_id AND k.reading = v.reading AND k.engine = ?
WHERE k.execution_id IS NULL
ORDER BY e.agent_id NULLS LAST, e.execution_id NULLS LAST
