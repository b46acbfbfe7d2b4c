-- Calls made again unchanged right after the same call had failed. What an execution merely met with is no call.
WITH calls AS (
    SELECT
        d.execution_id,
        d.decision_id,
        d.step,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.arguments_digest,
        d.outcome,
        lag(d.outcome) OVER seen AS outcome_before,
        lag(d.action) OVER seen = d.action AS same_action,
        lag(d.arguments_digest) OVER seen = d.arguments_digest AS same_arguments
    FROM decisions AS d
    INNER JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard')
      AND coalesce(e.labels['branch'], '') <> 'abandoned'
    WINDOW seen AS (
        PARTITION BY d.execution_id
        ORDER BY d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
    )
)
SELECT
    execution_id,
    decision_id,
    action,
    outcome = 'ok' AS helped
FROM calls
WHERE outcome_before IN ('failed', 'timeout') AND same_action AND same_arguments
ORDER BY execution_id ASC NULLS LAST, step ASC NULLS LAST, decision_id ASC NULLS LAST
