-- Per agent, what the pressure engine answered over its replayed executions; none where nothing was replayed.
WITH replayed AS (
    SELECT e.agent_id, v.*
    FROM vitals AS v
    JOIN executions AS e ON e.execution_id = v.execution_id
),
peaks AS (
    SELECT
        agent_id,
        execution_id,
        peak_step,
        row_number() OVER (
            PARTITION BY agent_id ORDER BY peak_pressure DESC NULLS LAST, execution_id NULLS LAST
        ) AS place
    FROM replayed
)
SELECT
    r.agent_id,
    CAST(count(*) AS BIGINT) AS executions,
    CAST(count(*) FILTER (WHERE r.warn + r.block > 0) AS BIGINT) AS warned,
    max(r.peak_pressure) AS peak,
    p.execution_id AS peak_execution,
    p.peak_step,
    CAST(sum(r.observe) AS BIGINT) AS observe,
    CAST(sum(r.guide) AS BIGINT) AS guide,
    CAST(sum(r.warn) AS BIGINT) AS warn,
    CAST(sum(r.block) AS BIGINT) AS block
FROM replayed AS r
JOIN peaks AS p ON p.agent_id = r.agent_id AND p.place = 1
GROUP BY r.agent_id, p.execution_id, p.peak_step
ORDER BY r.agent_id NULLS LAST
