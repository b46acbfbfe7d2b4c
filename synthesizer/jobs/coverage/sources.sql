SELECT
    source_id,
    path,
    adapter,
    status,
    reason,
    size,
    executions,
    decisions,
    quarantined,
    redacted
FROM sources
ORDER BY path NULLS LAST, source_id NULLS LAST
