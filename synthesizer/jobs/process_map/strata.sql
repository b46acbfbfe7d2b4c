-- Per asked transition and stratum: executions that take it and did well, of how many, and the same of all executions of
-- the stratum that have a choice. Strata in which all take it, or none, tell nothing.
WITH picked AS (
    SELECT
        unnest(CAST(? AS VARCHAR[])) AS execution_id,
        unnest(CAST(? AS BIGINT[])) AS run,
        unnest(CAST(? AS BIGINT[])) AS stratum,
        unnest(CAST(? AS BOOLEAN[])) AS good
),
asked AS (
    SELECT
        unnest(CAST(? AS BIGINT[])) AS edge,
        unnest(CAST(? AS VARCHAR[])) AS source,
        unnest(CAST(? AS VARCHAR[])) AS target
),
steps AS (
    SELECT
        p.run,
        p.stratum,
        p.good,
        regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
        d.step
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
    WINDOW seen AS (PARTITION BY run ORDER BY step ASC NULLS LAST)
),
everyone AS (
    SELECT
        stratum,
        CAST(sum(CASE WHEN good THEN 1 ELSE 0 END) AS BIGINT) AS good,
        CAST(count(*) AS BIGINT) AS known
    FROM sequence
    WHERE before IS NULL
    GROUP BY stratum
),
transitions AS (
    SELECT run, stratum, good, before AS source, action AS target FROM sequence
    UNION ALL
    SELECT run, stratum, good, action AS source, NULL AS target FROM sequence WHERE after IS NULL
),
taken AS (
    SELECT DISTINCT a.edge, t.run, t.stratum, t.good
    FROM transitions AS t
    INNER JOIN asked AS a ON a.source IS NOT DISTINCT FROM t.source AND a.target IS NOT DISTINCT FROM t.target
),
counted AS (
    SELECT
        edge,
        stratum,
        CAST(sum(CASE WHEN good THEN 1 ELSE 0 END) AS BIGINT) AS good,
        CAST(count(*) AS BIGINT) AS known
    FROM taken
    GROUP BY edge, stratum
)
SELECT
    c.edge,
    e.good - c.good AS others_good,
    e.known - c.known AS others_known,
    c.good,
    c.known
FROM counted AS c
INNER JOIN everyone AS e ON e.stratum = c.stratum
WHERE c.known < e.known
ORDER BY c.edge ASC NULLS LAST, c.stratum ASC NULLS LAST
