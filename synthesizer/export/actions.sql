-- The names of all actions in some executions.
SELECT DISTINCT regexp_replace(action, '[_-][0-9]+$', '') AS action
FROM decisions
WHERE kind NOT IN ('failure', 'guard')
  AND execution_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY action ASC NULLS LAST
