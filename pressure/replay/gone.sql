-- Executions with kept replays that are not visible any more, in no reading.
SELECT execution_id
FROM vitals_stored
WHERE execution_id NOT IN (SELECT execution_id FROM visible)
ORDER BY execution_id NULLS LAST
