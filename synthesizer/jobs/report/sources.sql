-- The ledger by what came of each source.
SELECT
    status,
    CAST(count(*) AS BIGINT) AS many,
    CAST(coalesce(sum(quarantined), 0) AS BIGINT) AS quarantined,
    CAST(coalesce(sum(redacted), 0) AS BIGINT) AS redacted
FROM sources
GROUP BY status
ORDER BY status NULLS LAST
