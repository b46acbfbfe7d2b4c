-- Proposals about the agent that wait for a person.
SELECT insight_id, type, claim, confidence, status
FROM insights
WHERE list_contains(agents, ?)
ORDER BY confidence DESC NULLS LAST, insight_id
LIMIT 5
