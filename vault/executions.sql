-- The executions of all teams as a question sees them. Stored tables end in _stored; the views apply the rules of
-- docs/rows.md.

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

-- Beside each execution its highest pressure and its time at WARN or above, where it was replayed.
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
    * EXCLUDE (told_success, told_score) REPLACE (
        coalesce(told_success, success) AS success,
        coalesce(told_score, score) AS score,
        CASE WHEN told_success IS NOT NULL THEN 'labels' ELSE success_from END AS success_from
    )
FROM told;
