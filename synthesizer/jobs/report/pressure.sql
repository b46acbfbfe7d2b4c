-- Per agent, what the pressure engine answered over its replayed executions; none where nothing was replayed.
WITH replayed AS (
    SELECT e.agent_id, v.*
    FROM vitals AS v
    JOIN executions AS e ON e.execution_id = v.execution_id
),
peaks AS (
    SELECT agent_id, execution_id, peak_step
    FROM replayed
    QUALIFY row_number() OVER (PARTITION BY agent_id ORDER BY peak_pressure DESC, execution_id) = 1
)
SELECT
    r.agent_id,
    CAST(count(*) AS BIGINT) AS executions,
    CAST(count(*) FILTER (WHERE r.warn + r.block > 0) AS BIGINT) AS warned,
    max(r.peak_pressure) AS peak,
    any_value(p.execution_id) AS peak_execution,
    any_value(p.peak_step) AS peak_step,
    CAST(sum(r.observe) AS BIGINT) AS observe,
    CAST(sum(r.guide) AS BIGINT) AS guide,
    CAST(sum(r.warn) AS BIGINT) AS warn,
    CAST(sum(r.block) AS BIGINT) AS block
FROM replayed AS r
JOIN peaks AS p ON p.agent_id = r.agent_id
GROUP BY r.agent_id
ORDER BY r.agent_id
