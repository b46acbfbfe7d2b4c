-- What the ledger says of these sources.
SELECT
    source_id,
    path,
    coalesce(adapter, '') AS adapter,
    size,
    bytes_read,
    content_hash
FROM sources
WHERE source_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY source_id NULLS LAST
