-- The path of an execution: its choices in order, consecutive repeats of one action taken together, numeric suffixes
-- dropped as in signatures. What an execution met with (failures, guards) is not a choice; choices of sub-agents belong to
-- their own executions. The lists of a row have one entry per place. Paths not stored yet are made here.

-- A list in the order of other values, which must tell its items apart. The one way to make a list that is said to every
-- engine in its own words.
CREATE MACRO listed(item, place) AS list(item ORDER BY place ASC NULLS LAST);

-- Of all readings: whoever stores paths makes those of some readings after the other, see vault/derived.py.
CREATE VIEW paths_unstored AS
SELECT v.execution_id, v.reading
FROM visible AS v
ANTI JOIN paths_stored AS p ON p.execution_id = v.execution_id AND p.reading = v.reading;

CREATE VIEW paths_missing AS
WITH chosen AS (
    SELECT
        d.execution_id,
        d.decision_id,
        d.step,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.outcome,
        d.duration_ms
    FROM decisions_stored AS d
    SEMI JOIN paths_unstored AS u ON u.execution_id = d.execution_id AND u.reading = d.reading
    WHERE d.kind NOT IN ('failure', 'guard')
),
opened AS (
    SELECT
        *,
        CASE WHEN lag(action) OVER seen = action THEN 0 ELSE 1 END AS opens
    FROM chosen
    WINDOW seen AS (PARTITION BY execution_id ORDER BY step NULLS LAST, decision_id NULLS LAST)
),
numbered AS (
    SELECT
        *,
        CAST(sum(opens) OVER (
            PARTITION BY execution_id ORDER BY step NULLS LAST, decision_id NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS place
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
        listed(action, place) AS actions,
        listed(decision_id, place) AS decision_ids,
        listed(CAST(decisions AS BIGINT), place) AS decisions,
        listed(CAST(failed AS BIGINT), place) AS failed,
        listed(CAST(timeouts AS BIGINT), place) AS timeouts,
        listed(duration_ms, place) AS durations_ms
    FROM places
    GROUP BY execution_id
)
SELECT
    u.execution_id,
    u.reading,
    coalesce(g.actions, CAST([] AS VARCHAR[])) AS actions,
    coalesce(g.decision_ids, CAST([] AS VARCHAR[])) AS decision_ids,
    coalesce(g.decisions, CAST([] AS BIGINT[])) AS decisions,
    coalesce(g.failed, CAST([] AS BIGINT[])) AS failed,
    coalesce(g.timeouts, CAST([] AS BIGINT[])) AS timeouts,
    coalesce(g.durations_ms, CAST([] AS DOUBLE[])) AS durations_ms
FROM paths_unstored AS u
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
WHERE array_length(actions) > 0
ORDER BY execution_id NULLS LAST;
