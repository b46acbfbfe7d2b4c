-- Calls made again unchanged right after the same call had failed. What an execution merely met with is no call. Only
-- executions that make a failed call again at all are looked through in order.
WITH failed AS (
    SELECT execution_id, action, arguments_digest, min(step) AS step, min(decision_id) AS decision_id
    FROM decisions
    WHERE outcome IN ('failed', 'timeout')
      AND kind NOT IN ('failure', 'guard')
    GROUP BY execution_id, action, arguments_digest
),
again AS (
    SELECT DISTINCT d.execution_id
    FROM decisions AS d
    INNER JOIN failed AS f
        ON f.execution_id = d.execution_id AND f.action = d.action AND f.arguments_digest = d.arguments_digest
    INNER JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard')
      AND d.step >= f.step
      AND (d.step > f.step OR d.decision_id <> f.decision_id)
      AND coalesce(e.labels['branch'], '') <> 'abandoned'
),
calls AS (
    SELECT
        d.execution_id,
        d.decision_id,
        d.step,
        d.action,
        d.outcome,
        lag(d.outcome) OVER seen AS outcome_before,
        lag(d.action) OVER seen = d.action AS same_action,
        lag(d.arguments_digest) OVER seen = d.arguments_digest AS same_arguments
    FROM decisions AS d
    INNER JOIN again AS a ON a.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard')
    WINDOW seen AS (
        PARTITION BY d.execution_id
        ORDER BY d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
    )
)
SELECT
    execution_id,
    decision_id,
    regexp_replace(action, '[_-][0-9]+$', '') AS action,
    outcome = 'ok' AS helped
FROM calls
WHERE outcome_before IN ('failed', 'timeout') AND same_action AND same_arguments
ORDER BY execution_id ASC NULLS LAST, step ASC NULLS LAST, decision_id ASC NULLS LAST
