-- The path of an execution: its choices in order, consecutive repeats of one action taken together, numeric suffixes
-- dropped as in signatures. What an execution met with (failures, guards) is not a choice; choices of sub-agents belong to
-- their own executions. The lists of a row have one entry per place. Paths not stored yet are made here.
CREATE VIEW paths_missing AS
WITH unstored AS (
    SELECT v.execution_id, v.reading
    FROM visible AS v
    ANTI JOIN paths_stored AS p ON p.execution_id = v.execution_id AND p.reading = v.reading
),
chosen AS (
    SELECT
        d.execution_id,
        d.decision_id,
        d.step,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.outcome,
        d.duration_ms
    FROM decisions_stored AS d
    SEMI JOIN unstored AS u ON u.execution_id = d.execution_id AND u.reading = d.reading
    WHERE d.kind NOT IN ('failure', 'guard')
),
opened AS (
    SELECT
        *,
        CASE WHEN lag(action) OVER (PARTITION BY execution_id ORDER BY step, decision_id) = action THEN 0 ELSE 1 END
            AS opens
    FROM chosen
),
numbered AS (
    SELECT
        *,
        sum(opens) OVER (
            PARTITION BY execution_id ORDER BY step, decision_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS place
    FROM opened
),
places AS (
    SELECT
        execution_id,
        place,
        min(action) AS action,
        max(CASE WHEN opens = 1 THEN decision_id END) AS decision_id,
        count(*) AS decisions,
        count(CASE WHEN outcome = 'failed' THEN 1 END) AS failed,
        count(CASE WHEN outcome = 'timeout' THEN 1 END) AS timeouts,
        max(CASE WHEN opens = 1 THEN duration_ms END) AS duration_ms
    FROM numbered
    GROUP BY execution_id, place
),
gathered AS (
    SELECT
        execution_id,
        list(action ORDER BY place) AS actions,
        list(decision_id ORDER BY place) AS decision_ids,
        list(CAST(decisions AS BIGINT) ORDER BY place) AS decisions,
        list(CAST(failed AS BIGINT) ORDER BY place) AS failed,
        list(CAST(timeouts AS BIGINT) ORDER BY place) AS timeouts,
        list(duration_ms ORDER BY place) AS durations_ms
    FROM places
    GROUP BY execution_id
)
SELECT
    u.execution_id,
    u.reading,
    coalesce(g.actions, []) AS actions,
    coalesce(g.decision_ids, []) AS decision_ids,
    coalesce(g.decisions, []) AS decisions,
    coalesce(g.failed, []) AS failed,
    coalesce(g.timeouts, []) AS timeouts,
    coalesce(g.durations_ms, []) AS durations_ms
FROM unstored AS u
LEFT JOIN gathered AS g ON g.execution_id = u.execution_id;

CREATE VIEW paths_kept AS
SELECT p.*
FROM paths_stored AS p
SEMI JOIN visible AS v ON v.execution_id = p.execution_id AND v.reading = p.reading;

CREATE VIEW paths AS
SELECT execution_id, actions, decision_ids, decisions, failed, timeouts, durations_ms
FROM (
    SELECT * FROM paths_kept
    UNION ALL
    SELECT * FROM paths_missing
)
WHERE len(actions) > 0
ORDER BY execution_id;
