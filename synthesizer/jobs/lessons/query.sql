-- Choices that failed and the choices that follow each of them closely, with what a repair would have changed. What an
-- execution merely met with (failures, guards) is no choice. Of a long error its two ends; of an output the beginning, and
-- only of commands, which may end well and still print the error.
WITH chosen AS (
    SELECT
        d.execution_id,
        e.agent_id,
        d.decision_id,
        d.tool,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.role,
        d.outcome,
        epoch_us(d.started_at) AS started_at,
        row_number() OVER (
            PARTITION BY d.execution_id
            ORDER BY d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
        ) AS place
    FROM decisions AS d
    INNER JOIN executions AS e ON e.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard')
      AND coalesce(e.labels['branch'], '') <> 'abandoned'
      AND e.failed + e.timeout > 0
),
followed AS (
    SELECT
        c.execution_id,
        c.agent_id,
        c.decision_id,
        c.tool,
        c.action,
        c.role,
        c.outcome,
        c.started_at,
        c.place,
        max(CASE WHEN c.outcome IN ('failed', 'timeout') THEN c.place END) OVER (
            PARTITION BY c.execution_id
            ORDER BY c.place ASC NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS failed_at
    FROM chosen AS c
)
SELECT
    f.execution_id,
    f.agent_id,
    f.decision_id,
    f.tool,
    f.action,
    f.role,
    f.outcome,
    f.started_at,
    f.place,
    d.arguments,
    CASE
        WHEN f.outcome NOT IN ('failed', 'timeout') THEN NULL
        WHEN length(d.error) > 1200 THEN substr(d.error, 1, 600) || chr(10) || substr(d.error, length(d.error) - 599, 600)
        ELSE d.error
    END AS error,
    CASE WHEN f.role = 'shell' AND f.outcome = 'ok' THEN substr(d.output, 1, 600) END AS output
FROM followed AS f
INNER JOIN decisions AS d ON d.execution_id = f.execution_id AND d.decision_id = f.decision_id
WHERE f.place - f.failed_at <= CAST(? AS BIGINT)
ORDER BY f.execution_id ASC NULLS LAST, f.place ASC NULLS LAST, f.decision_id ASC NULLS LAST
