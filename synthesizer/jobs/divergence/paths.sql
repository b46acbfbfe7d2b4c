-- What belongs to the places of paths of top-level executions: a sub-agent's choices belong to its own execution.
SELECT
    p.execution_id,
    p.decision_ids,
    p.failed,
    p.timeouts,
    p.durations_ms
FROM paths AS p
INNER JOIN executions AS e ON e.execution_id = p.execution_id
WHERE e.parent_execution_id IS NULL
  AND coalesce(e.labels['branch'], '') <> 'abandoned'
ORDER BY p.execution_id ASC NULLS LAST
