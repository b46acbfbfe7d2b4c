-- Per framework, which facts no run of it can ever tell.
WITH facts AS (
    SELECT framework, unnest(map_keys(knows)) AS fact, unnest(map_values(knows)) AS known
    FROM executions
    WHERE coalesce(labels['branch'], '') <> 'abandoned'
)
SELECT framework, fact, bool_and(known = 'cannot') AS cannot
FROM facts
GROUP BY framework, fact
ORDER BY framework, fact
