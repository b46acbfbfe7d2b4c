-- What a question sees. Stored tables end in _stored; the views apply the rules of docs/rows.md.

-- A run log (one line per run) stands for its run only as long as no transcript of that run is known.
CREATE TEMP TABLE superseded AS
WITH logs AS (
    SELECT execution_id, framework, session_id
    FROM executions_stored
    WHERE labels['record'] = 'run-log' AND session_id IS NOT NULL
)
SELECT DISTINCT l.execution_id
FROM logs AS l
INNER JOIN executions_stored AS t ON t.framework = l.framework AND t.session_id = l.session_id
WHERE t.labels['record'] IS DISTINCT FROM 'run-log';

-- The executions of all teams. Beside each its highest pressure and its time at WARN or above, where it was replayed.
CREATE VIEW executions_of_all AS
WITH felt AS (
    SELECT execution_id, reading, max(peak_pressure) AS peak_pressure, max(warn_ms) AS warn_ms
    FROM vitals_stored
    GROUP BY execution_id, reading
),
told AS (
    SELECT
        e.*,
        f.peak_pressure,
        f.warn_ms,
        coalesce(by_execution.success, by_session.success) AS told_success,
        coalesce(by_execution.score, by_session.score) AS told_score
    FROM executions_stored AS e
    LEFT JOIN felt AS f ON f.execution_id = e.execution_id AND f.reading = e.reading
    LEFT JOIN outcomes_stored AS by_execution ON by_execution.key = e.execution_id
    LEFT JOIN outcomes_stored AS by_session ON by_session.key = e.session_id
    ANTI JOIN superseded AS s ON s.execution_id = e.execution_id
)
SELECT
    * EXCLUDE (told_success, told_score, reading) REPLACE (
        coalesce(told_success, success) AS success,
        coalesce(told_score, score) AS score,
        CASE WHEN told_success IS NOT NULL THEN 'labels' ELSE success_from END AS success_from
    )
FROM told;

-- With teams that rules name, or of one team only, it is made anew: vault/teams.py.
CREATE VIEW executions AS SELECT * FROM executions_of_all;

CREATE VIEW visible AS
SELECT s.execution_id, s.reading
FROM executions_stored AS s
SEMI JOIN executions AS e ON s.execution_id = e.execution_id;

CREATE VIEW decisions AS
SELECT d.* EXCLUDE (reading)
FROM decisions_stored AS d
SEMI JOIN visible AS v ON d.execution_id = v.execution_id AND d.reading = v.reading;

CREATE VIEW results AS SELECT * FROM results_stored;
CREATE VIEW decayed AS SELECT * FROM decayed_stored;

CREATE VIEW sources AS SELECT * FROM sources_stored;
CREATE VIEW quarantine AS SELECT * FROM quarantine_stored;
CREATE VIEW outcomes AS SELECT * FROM outcomes_stored;

-- What soma's own jobs found.
CREATE VIEW proposals AS SELECT * FROM proposals_stored;
-- The same among the runs of one team.
CREATE VIEW team_findings AS SELECT * FROM team_findings_stored;

-- Proposals of all origins. Several sources may tell the same finding: one row of them, always the same whatever order
-- they came in.
CREATE VIEW insights AS
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY insight_id ORDER BY source_id DESC NULLS LAST, source_offset DESC NULLS LAST
        ) AS place
    FROM insights_stored
)
SELECT * EXCLUDE (place) FROM numbered WHERE place = 1
UNION ALL
SELECT
    insight_id, type, claim, confidence, agents, evidence, status, origin, seen_at,
    CAST(NULL AS VARCHAR) AS source_id, CAST(NULL AS BIGINT) AS source_offset, CAST(NULL AS BIGINT) AS source_length
FROM proposals_stored;

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
GROUP BY b.root;

-- What the pressure engine answered, to decisions and executions at their present reading only.
CREATE VIEW vitals AS
SELECT p.* EXCLUDE (reading)
FROM vitals_stored AS p
SEMI JOIN visible AS v ON v.execution_id = p.execution_id AND v.reading = p.reading;

CREATE VIEW pressure AS
SELECT p.* EXCLUDE (reading)
FROM pressure_stored AS p
SEMI JOIN visible AS v ON v.execution_id = p.execution_id AND v.reading = p.reading;

-- Firings of tests never count. Those of a replay are kept together with the vitals of their execution.
CREATE VIEW firings AS
SELECT f.*
FROM firings_stored AS f
LEFT JOIN vitals AS v ON v.execution_id = f.execution_id AND f.source = 'replay'
WHERE f.source <> 'test' AND (f.source <> 'replay' OR v.execution_id IS NOT NULL);

-- Whether the task was achieved may be told long after the firing: what the vault knows of the execution goes first.
CREATE VIEW firing_outcomes AS
SELECT o.* REPLACE (CASE WHEN o.horizon = 0 THEN coalesce(e.success, o.success) END AS success)
FROM firing_outcomes_stored AS o
JOIN firings AS f ON f.firing_id = o.firing_id
LEFT JOIN executions AS e ON e.execution_id = f.execution_id;

CREATE VIEW calibrations AS SELECT * FROM calibrations_stored;
