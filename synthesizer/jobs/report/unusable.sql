-- Sources that yield nothing, or not all they should: damaged ones first, then empty ones, then what no adapter claims.
SELECT path, status, reason
FROM sources
WHERE status IN ('failed', 'empty', 'unrecognised') OR quarantined > 0
ORDER BY
    CASE status WHEN 'failed' THEN 0 WHEN 'empty' THEN 2 WHEN 'unrecognised' THEN 3 ELSE 1 END NULLS LAST,
    path NULLS LAST
