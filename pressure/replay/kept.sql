-- Replayed firings and kept vitals of the executions ?: what new rows of them stand for.
SELECT execution_id, CAST(NULL AS VARCHAR) AS firing_id
FROM vitals_stored
WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
UNION ALL
SELECT execution_id, firing_id
FROM firings_stored
WHERE source = 'replay' AND execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY execution_id NULLS LAST, firing_id NULLS LAST
