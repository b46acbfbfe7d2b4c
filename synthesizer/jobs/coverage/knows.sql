-- Of how many executions a field is known, could have been known, or cannot be known, per adapter.
SELECT
    adapter,
    entry.key AS field,
    CAST(count(*) FILTER (WHERE entry.value = 'known') AS BIGINT) AS known,
    CAST(count(*) FILTER (WHERE entry.value = 'missing') AS BIGINT) AS missing,
    CAST(count(*) FILTER (WHERE entry.value = 'cannot') AS BIGINT) AS cannot
FROM (SELECT adapter, unnest(map_entries(knows)) AS entry FROM executions)
GROUP BY adapter, entry.key
ORDER BY adapter NULLS LAST, field NULLS LAST
