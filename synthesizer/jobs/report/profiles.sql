-- Sources that know and do not know the same: per format and pattern of cells how many, and the first of them by path.
WITH facts AS (
    SELECT adapter, source_id, unnest(map_keys(knows)) AS field, unnest(map_values(knows)) AS value
    FROM executions
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
    SELECT adapter, source_id, string_agg(field || '=' || cell, ',' ORDER BY field) AS cells
    FROM cells
    GROUP BY adapter, source_id
),
counted AS (
    SELECT source_id, count(*) AS executions FROM executions GROUP BY source_id
)
SELECT
    p.adapter,
    p.cells,
    CAST(count(*) AS BIGINT) AS sources,
    CAST(sum(c.executions) AS BIGINT) AS executions,
    list_slice(list(coalesce(s.path, p.source_id) ORDER BY s.path NULLS LAST, p.source_id), 1, 3) AS examples
FROM profiles AS p
JOIN counted AS c ON c.source_id = p.source_id
LEFT JOIN sources AS s ON s.source_id = p.source_id
GROUP BY p.adapter, p.cells
ORDER BY p.adapter, sources DESC, p.cells
