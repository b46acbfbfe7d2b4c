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
ORDER BY path, source_id
