-- Replayed firings and kept vitals of the executions ?: what new rows of them stand for.
SELECT execution_id, NULL AS firing_id
FROM vitals_stored
WHERE execution_id IN (SELECT unnest(?::VARCHAR[]))
UNION ALL
SELECT execution_id, firing_id
FROM firings_stored
WHERE source = 'replay' AND execution_id IN (SELECT unnest(?::VARCHAR[]))
ORDER BY execution_id, firing_id
