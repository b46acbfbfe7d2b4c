-- Sources that know and do not know the same: per format and pattern of cells how many, and the first of them by path.
WITH facts AS (
    SELECT adapter, source_id, entry.key AS field, entry.value AS value
    FROM (SELECT adapter, source_id, unnest(map_entries(knows)) AS entry FROM executions) AS told
),
cells AS (
    SELECT
        adapter,
        source_id,
        field,
        CASE
            WHEN count(*) = count(*) FILTER (WHERE value = 'known') THEN 'known'
            WHEN count(*) FILTER (WHERE value = 'known') > 0 THEN 'partly'
            WHEN count(*) = count(*) FILTER (WHERE value = 'cannot') THEN 'cannot'
            ELSE 'missing'
        END AS cell
    FROM facts
    GROUP BY adapter, source_id, field
),
profiles AS (
    SELECT adapter, source_id, string_agg(field || '=' || cell, ',' ORDER BY field NULLS LAST) AS cells
    FROM cells
    GROUP BY adapter, source_id
),
counted AS (
    SELECT source_id, count(*) AS executions FROM executions GROUP BY source_id
),
numbered AS (
    SELECT
        p.adapter,
        p.cells,
        c.executions,
        coalesce(s.path, p.source_id) AS example,
        row_number() OVER (
            PARTITION BY p.adapter, p.cells ORDER BY s.path NULLS LAST, p.source_id NULLS LAST
        ) AS place
    FROM profiles AS p
    JOIN counted AS c ON c.source_id = p.source_id
    LEFT JOIN sources AS s ON s.source_id = p.source_id
),
totals AS (
    SELECT
        adapter,
        cells,
        CAST(count(*) AS BIGINT) AS sources,
        CAST(sum(executions) AS BIGINT) AS executions
    FROM numbered
    GROUP BY adapter, cells
),
first_ones AS (
    SELECT adapter, cells, listed(example, place) AS examples FROM numbered WHERE place <= 3 GROUP BY adapter, cells
)
SELECT t.adapter, t.cells, t.sources, t.executions, f.examples
FROM totals AS t
JOIN first_ones AS f ON f.adapter = t.adapter AND f.cells = t.cells
ORDER BY t.adapter NULLS LAST, t.sources DESC NULLS LAST, t.cells NULLS LAST
