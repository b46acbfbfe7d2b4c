-- What the ledger says of these sources.
SELECT
    source_id,
    path,
    coalesce(adapter, '') AS adapter,
    size,
    bytes_read,
    content_hash
FROM sources
WHERE list_contains(?, source_id)
ORDER BY source_id
