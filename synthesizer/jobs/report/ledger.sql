-- What came of every source.
SELECT path, status, adapter, size, content_hash, executions, decisions, quarantined, redacted, reason
FROM sources
ORDER BY path NULLS LAST, source_id NULLS LAST
