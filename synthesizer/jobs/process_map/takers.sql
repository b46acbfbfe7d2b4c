-- Per transition and stratum: of the executions that take it, how many did well, of how many that are known.
-- Every execution with a choice has one transition from the start (NULL as source): those add up to all executions.
WITH picked AS (
    SELECT
        unnest(CAST(? AS VARCHAR[])) AS execution_id,
        unnest(CAST(? AS BIGINT[])) AS run,
        unnest(CAST(? AS BIGINT[])) AS stratum,
        unnest(CAST(? AS BOOLEAN[])) AS good
),
steps AS (
    SELECT
        p.run,
        p.stratum,
        p.good,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.step,
        d.decision_id
    FROM decisions AS d
    INNER JOIN picked AS p ON p.execution_id = d.execution_id
    WHERE d.kind NOT IN ('failure', 'guard') AND p.good IS NOT NULL
),
sequence AS (
    SELECT
        run,
        stratum,
        good,
        action,
        lag(action) OVER seen AS before,
        lead(action) OVER seen AS after
    FROM steps
    WINDOW seen AS (PARTITION BY run ORDER BY step ASC NULLS LAST, decision_id ASC NULLS LAST)
),
taken AS (
    SELECT run, stratum, good, before AS source, action AS target FROM sequence
    UNION
    SELECT run, stratum, good, action AS source, NULL AS target FROM sequence WHERE after IS NULL
)
SELECT
    source,
    target,
    stratum,
    CAST(sum(CASE WHEN good THEN 1 ELSE 0 END) AS BIGINT) AS good,
    CAST(count(*) AS BIGINT) AS known
FROM taken
GROUP BY source, target, stratum
ORDER BY source ASC NULLS FIRST, target ASC NULLS LAST, stratum ASC
