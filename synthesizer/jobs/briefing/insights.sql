-- What others found out about an agent and nobody has decided yet.
SELECT insight_id, type, claim, confidence, origin
FROM insights
WHERE status = 'pending' AND list_contains(agents, ?)
ORDER BY confidence DESC NULLS LAST, insight_id
LIMIT 5
