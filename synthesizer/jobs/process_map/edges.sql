-- Which choice directly follows which, in the order of an execution. Numeric suffixes do not tell two actions apart, as
-- in signatures; what an execution met with (failures, guards) is not a choice. NULL as source is the start of an
-- execution, NULL as target its end. Steps number the decisions of an execution: no two are alike. Times are known where both decisions record them, in the order of the steps.
WITH picked AS (
    SELECT
        unnest(CAST(? AS VARCHAR[])) AS execution_id,
        unnest(CAST(? AS BIGINT[])) AS run,
        unnest(CAST(? AS BOOLEAN[])) AS good
),
steps AS (
    SELECT
        p.run,
        p.good,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        epoch_us(d.started_at) / 1e3 AS began,
        d.duration_ms AS lasted,
        d.step
    FROM decisions AS d
    INNER JOIN picked AS p ON p.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard')
),
sequence AS (
    SELECT
        run,
        good,
        action,
        began,
        lag(action) OVER seen AS before,
        lag(began) OVER seen AS before_began,
        lag(lasted) OVER seen AS before_lasted,
        lead(action) OVER seen AS after
    FROM steps
    WINDOW seen AS (PARTITION BY run ORDER BY step ASC NULLS LAST)
),
transitions AS (
    SELECT
        run,
        good,
        before AS source,
        action AS target,
        CASE WHEN began >= before_began THEN began - before_began END AS pace,
        CASE WHEN began >= before_began THEN greatest(began - before_began - before_lasted, 0) END AS pause,
        CASE WHEN began < before_began THEN 1 ELSE 0 END AS backward
    FROM sequence
    UNION ALL
    SELECT run, good, action AS source, NULL AS target, NULL AS pace, NULL AS pause, 0 AS backward
    FROM sequence
    WHERE after IS NULL
),
timed AS (
    SELECT
        source,
        target,
        CAST(count(*) AS BIGINT) AS occurrences,
        CAST(median(pace) AS DOUBLE) AS pace_ms,
        CAST(count(pace) AS BIGINT) AS pace_known,
        CAST(median(pause) AS DOUBLE) AS pause_ms,
        CAST(count(pause) AS BIGINT) AS pause_known,
        CAST(sum(backward) AS BIGINT) AS backward
    FROM transitions
    GROUP BY source, target
),
taken AS (SELECT DISTINCT run, good, source, target FROM transitions),
counted AS (
    SELECT
        source,
        target,
        CAST(count(*) AS BIGINT) AS executions,
        CAST(sum(CASE WHEN good THEN 1 ELSE 0 END) AS BIGINT) AS good,
        CAST(count(good) AS BIGINT) AS known
    FROM taken
    GROUP BY source, target
)
SELECT
    t.source,
    t.target,
    c.executions,
    t.occurrences,
    c.good,
    c.known,
    t.pace_ms,
    t.pace_known,
    t.pause_ms,
    t.pause_known,
    t.backward
FROM timed AS t
INNER JOIN counted AS c ON c.source IS NOT DISTINCT FROM t.source AND c.target IS NOT DISTINCT FROM t.target
ORDER BY t.source ASC NULLS FIRST, t.target ASC NULLS LAST
