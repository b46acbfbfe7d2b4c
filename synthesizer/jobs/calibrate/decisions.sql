-- The first decisions of the executions ?, at most ? of each.
WITH numbered AS (
    SELECT d.*, row_number() OVER (PARTITION BY d.execution_id ORDER BY d.step NULLS LAST, d.decision_id NULLS LAST) AS place
    FROM decisions AS d
    WHERE d.execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
)
SELECT
    decision_id, step, kind, action, tool, role, outcome, arguments, arguments_digest, output_digest, reasoning, error,
    output, '' AS evidence, execution_id, turn,
    CASE
        WHEN tokens_in IS NOT NULL OR tokens_out IS NOT NULL THEN coalesce(tokens_in, 0) + coalesce(tokens_out, 0)
    END AS tokens,
    duration_ms
FROM numbered
WHERE place <= ?
ORDER BY execution_id NULLS LAST, step NULLS LAST, decision_id NULLS LAST
