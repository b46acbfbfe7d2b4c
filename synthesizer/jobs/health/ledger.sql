SELECT
    CAST(count(*) AS BIGINT) AS sources,
    CAST(count(*) FILTER (WHERE status = 'failed') AS BIGINT) AS failed,
    CAST(count(*) FILTER (WHERE status = 'empty') AS BIGINT) AS empty,
    CAST(count(*) FILTER (WHERE status = 'unrecognised') AS BIGINT) AS unrecognised,
    CAST(coalesce(sum(quarantined), 0) AS BIGINT) AS quarantined,
    CAST(coalesce(sum(redacted), 0) AS BIGINT) AS redacted,
    (SELECT CAST(count(*) AS BIGINT) FROM executions WHERE labels['record'] = 'guard') AS guarded
FROM sources
