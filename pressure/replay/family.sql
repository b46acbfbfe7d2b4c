-- An execution and all that were delegated from it, parents before children.
WITH RECURSIVE family (execution_id, parent, depth) AS (
    SELECT execution_id, CAST(NULL AS VARCHAR), 0 FROM executions WHERE execution_id = ?
    UNION
    SELECT e.execution_id, f.execution_id, f.depth + 1
    FROM family AS f
    JOIN executions AS e ON e.parent_execution_id = f.execution_id
    WHERE f.depth < 20
)
SELECT e.execution_id, e.agent_id, e.task_text, min_by(f.parent, f.depth) AS parent
FROM family AS f
JOIN executions AS e ON e.execution_id = f.execution_id
GROUP BY e.execution_id, e.agent_id, e.task_text, e.started_at
ORDER BY min(f.depth), e.started_at NULLS LAST, e.execution_id
