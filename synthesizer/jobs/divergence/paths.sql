-- The path of each top-level execution: its choices in order, consecutive repeats of one action taken together.
-- Numeric suffixes do not tell two actions apart, as in signatures. What an execution met with (failures, guards) is not
-- a choice; sub-agents' choices belong to their own executions.
WITH named AS (
    SELECT
        d.execution_id,
        d.decision_id,
        d.step,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.outcome,
        d.duration_ms
    FROM decisions AS d
    INNER JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE e.parent_execution_id IS NULL
      AND coalesce(e.labels['branch'], '') <> 'abandoned'
      AND d.kind NOT IN ('failure', 'guard')
),
chosen AS (
    SELECT
        execution_id,
        decision_id,
        step,
        action,
        outcome,
        duration_ms,
        CASE
            WHEN lag(action) OVER (
                PARTITION BY execution_id ORDER BY step ASC NULLS LAST, decision_id ASC NULLS LAST
            ) = action THEN 0
            ELSE 1
        END AS opens
    FROM named
),
numbered AS (
    SELECT
        execution_id,
        decision_id,
        action,
        outcome,
        duration_ms,
        opens,
        sum(opens) OVER (
            PARTITION BY execution_id ORDER BY step ASC NULLS LAST, decision_id ASC NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS place
    FROM chosen
)
SELECT
    execution_id,
    CAST(place AS BIGINT) AS place,
    min(action) AS action,
    max(CASE WHEN opens = 1 THEN decision_id END) AS decision_id,
    max(CASE WHEN opens = 1 THEN duration_ms END) AS duration_ms,
    CAST(count(*) AS BIGINT) AS decisions,
    CAST(sum(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END) AS BIGINT) AS failed,
    CAST(sum(CASE WHEN outcome = 'timeout' THEN 1 ELSE 0 END) AS BIGINT) AS timeouts
FROM numbered
WHERE place <= 40
GROUP BY execution_id, place
ORDER BY execution_id ASC NULLS LAST, place ASC NULLS LAST
