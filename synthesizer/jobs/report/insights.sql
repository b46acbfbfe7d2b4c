-- Every proposal of the emerging layer, whatever became of it.
SELECT insight_id, type, claim, confidence, agents, evidence, status, origin
FROM insights
ORDER BY insight_id NULLS LAST
