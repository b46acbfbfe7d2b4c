-- What a question sees. Stored tables end in _stored; the views apply the rules of docs/rows.md.

-- A run log (one line per run) stands for its run only as long as no transcript of that run is known.
CREATE TEMP TABLE executions AS
WITH transcripts AS (
    SELECT DISTINCT framework, session_id
    FROM executions_stored
    WHERE session_id IS NOT NULL AND labels['record'] IS DISTINCT FROM 'run-log'
),
told AS (
    SELECT
        e.*,
        coalesce(by_execution.success, by_session.success) AS told_success,
        coalesce(by_execution.score, by_session.score) AS told_score
    FROM executions_stored AS e
    LEFT JOIN outcomes_stored AS by_execution ON by_execution.key = e.execution_id
    LEFT JOIN outcomes_stored AS by_session ON by_session.key = e.session_id
    LEFT JOIN transcripts AS t
        ON e.labels['record'] = 'run-log' AND t.framework = e.framework AND t.session_id = e.session_id
    WHERE t.session_id IS NULL
)
SELECT
    * EXCLUDE (told_success, told_score, reading) REPLACE (
        coalesce(told_success, success) AS success,
        coalesce(told_score, score) AS score,
        CASE WHEN told_success IS NOT NULL THEN 'labels' ELSE success_from END AS success_from
    )
FROM told
ORDER BY agent_id, started_at NULLS LAST, execution_id;

CREATE TEMP TABLE visible AS
SELECT s.execution_id, s.reading
FROM executions_stored AS s
SEMI JOIN executions AS e ON s.execution_id = e.execution_id;

CREATE VIEW decisions AS
SELECT d.* EXCLUDE (reading)
FROM decisions_stored AS d
SEMI JOIN visible AS v ON d.execution_id = v.execution_id AND d.reading = v.reading;

-- The path of an execution: its choices in order, consecutive repeats of one action taken together, numeric suffixes
-- dropped as in signatures. What an execution met with (failures, guards) is not a choice; choices of sub-agents belong to
-- their own executions. The lists of a row have one entry per place of the path.
CREATE VIEW paths AS
WITH chosen AS (
    SELECT
        execution_id,
        decision_id,
        step,
        regexp_replace(action, '[_-][0-9]+$', '') AS action,
        outcome
    FROM decisions
    WHERE kind NOT IN ('failure', 'guard')
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
        count(CASE WHEN outcome = 'timeout' THEN 1 END) AS timeouts
    FROM numbered
    GROUP BY execution_id, place
)
SELECT
    execution_id,
    list(action ORDER BY place) AS actions,
    list(decision_id ORDER BY place) AS decision_ids,
    list(CAST(decisions AS BIGINT) ORDER BY place) AS decisions,
    list(CAST(failed AS BIGINT) ORDER BY place) AS failed,
    list(CAST(timeouts AS BIGINT) ORDER BY place) AS timeouts
FROM places
GROUP BY execution_id
ORDER BY execution_id;

CREATE VIEW sources AS SELECT * FROM sources_stored;
CREATE VIEW quarantine AS SELECT * FROM quarantine_stored;
CREATE VIEW outcomes AS SELECT * FROM outcomes_stored;

-- Several sources may tell the same finding: one row of them, always the same whatever order they came in.
CREATE VIEW insights AS
SELECT * FROM insights_stored
QUALIFY row_number() OVER (PARTITION BY insight_id ORDER BY source_id DESC, source_offset DESC) = 1;

-- Own figures and those of all sub-agents below, however deep.
CREATE VIEW execution_totals AS
WITH RECURSIVE below (root, execution_id) AS (
    SELECT execution_id, execution_id FROM executions
    UNION
    SELECT b.root, e.execution_id
    FROM below AS b
    JOIN executions AS e ON e.parent_execution_id = b.execution_id
)
SELECT
    b.root AS execution_id,
    CAST(count(*) - 1 AS BIGINT) AS sub_executions,
    CAST(sum(e.decisions) AS BIGINT) AS decisions,
    CAST(sum(e.tokens_in) AS BIGINT) AS tokens_in,
    CAST(sum(e.tokens_out) AS BIGINT) AS tokens_out,
    sum(e.cost_usd) AS cost_usd
FROM below AS b
JOIN executions AS e ON e.execution_id = b.execution_id
GROUP BY b.root
