-- Per pattern and execution: the first replayed firing, whether the run recovered within ? actions after it, and in how
-- many of the other positions of the execution that have a future as long it would have counted as recovered.
WITH fired AS (
    SELECT pattern, pattern_version, execution_id, min(step) AS step, CAST(count(*) AS BIGINT) AS firings
    FROM firings
    WHERE source = 'replay'
    GROUP BY pattern, pattern_version, execution_id
),
steps AS (
    SELECT
        p.execution_id,
        p.step,
        p.patterns,
        CAST(sum(CASE WHEN d.outcome IN ('failed', 'timeout') THEN 1 ELSE 0 END) OVER (
            PARTITION BY p.execution_id ORDER BY p.step ASC NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS failures
    FROM pressure AS p
    JOIN decisions AS d ON d.decision_id = p.decision_id
    WHERE p.execution_id IN (SELECT execution_id FROM fired)
),
ahead AS (
    SELECT n.execution_id, n.step, l.patterns, l.failures - n.failures AS failures
    FROM steps AS n
    JOIN steps AS l ON l.execution_id = n.execution_id AND l.step = n.step + ?
)
SELECT
    f.pattern,
    f.pattern_version,
    f.execution_id,
    f.firings,
    max(
        CASE
            WHEN a.step <> f.step THEN NULL
            WHEN a.failures = 0 AND NOT list_contains(a.patterns, f.pattern) THEN 1
            ELSE 0
        END
    ) AS recovered,
    CAST(count(CASE WHEN a.step <> f.step THEN 1 END) AS BIGINT) AS positions,
    CAST(
        count(CASE WHEN a.step <> f.step AND a.failures = 0 AND NOT list_contains(a.patterns, f.pattern) THEN 1 END)
        AS BIGINT
    ) AS calm
FROM fired AS f
LEFT JOIN ahead AS a ON a.execution_id = f.execution_id
GROUP BY f.pattern, f.pattern_version, f.execution_id, f.firings
ORDER BY f.pattern ASC NULLS LAST, f.pattern_version ASC NULLS LAST, f.execution_id ASC NULLS LAST
