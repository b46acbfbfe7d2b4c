-- What soma's own jobs found among the runs of one team, in the order of ids.
SELECT
    insight_id,
    type,
    subject,
    claim,
    confidence,
    estimate,
    low,
    high,
    support,
    agents,
    tasks,
    evidence,
    contradicts,
    status,
    origin,
    epoch_us(first_seen_at) AS first_seen_at,
    epoch_us(seen_at) AS seen_at,
    nights,
    epoch_us(decay_at) AS decay_at,
    details
FROM team_findings
WHERE team_id = ?
ORDER BY insight_id ASC NULLS LAST
