-- Every action: how often it was chosen, by how many executions, how it came out and how long it took.
WITH picked AS (
    SELECT
        unnest(CAST(? AS VARCHAR[])) AS execution_id,
        unnest(CAST(? AS BIGINT[])) AS run
)
SELECT
    regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
    CAST(count(DISTINCT p.run) AS BIGINT) AS executions,
    CAST(count(*) AS BIGINT) AS occurrences,
    CAST(count(CASE WHEN d.outcome IN ('failed', 'timeout') THEN 1 END) AS BIGINT) AS failed,
    CAST(count(CASE WHEN d.outcome <> 'unknown' THEN 1 END) AS BIGINT) AS known,
    CAST(median(d.duration_ms) AS DOUBLE) AS duration_ms,
    CAST(count(d.duration_ms) AS BIGINT) AS duration_known
FROM decisions AS d
INNER JOIN picked AS p ON p.execution_id = d.execution_id
WHERE d.kind NOT IN ('failure', 'guard')
GROUP BY 1
ORDER BY 1 ASC NULLS LAST
