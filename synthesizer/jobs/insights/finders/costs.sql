-- The longest repeat of each execution: how often it took one action in a row.
SELECT
    execution_id,
    list_max(decisions) AS longest
FROM paths
ORDER BY execution_id ASC NULLS LAST
