-- Per framework, which facts no run of it can ever tell.
WITH facts AS (
    SELECT framework, unnest(map_entries(knows)) AS entry
    FROM executions
    WHERE coalesce(labels['branch'], '') <> 'abandoned'
)
SELECT framework, entry.key AS fact, bool_and(entry.value = 'cannot') AS cannot
FROM facts
GROUP BY framework, entry.key
ORDER BY framework NULLS LAST, fact NULLS LAST
