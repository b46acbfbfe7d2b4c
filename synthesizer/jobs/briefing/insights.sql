-- What was found out about an agent and nobody has decided yet; how it compares with its peers is told anyway.
SELECT insight_id, type, claim, confidence, origin
FROM insights
WHERE status = 'pending'
  AND list_contains(agents, ?)
  AND NOT (type = 'divergence' AND origin = 'soma synthesize')
ORDER BY confidence DESC NULLS LAST, insight_id NULLS LAST
LIMIT 3
