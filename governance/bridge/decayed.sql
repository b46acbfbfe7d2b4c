-- Findings that decayed, the latest first.
SELECT
    insight_id,
    type,
    claim,
    confidence,
    agents,
    tasks,
    evidence
FROM decayed
ORDER BY decayed_at DESC NULLS LAST, insight_id ASC NULLS LAST
