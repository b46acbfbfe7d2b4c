-- How often an agent, or every agent, chose each action. Filtered on both sides: decisions lie together by agent.
SELECT
    e.agent_id,
    d.action,
    CAST(count(*) AS BIGINT) AS calls
FROM decisions AS d
INNER JOIN executions AS e ON e.execution_id = d.execution_id
WHERE (CAST(? AS VARCHAR) IS NULL OR (e.agent_id = CAST(? AS VARCHAR) AND d.agent_id = CAST(? AS VARCHAR)))
    AND coalesce(e.labels['branch'], '') <> 'abandoned'
GROUP BY e.agent_id, d.action
ORDER BY e.agent_id ASC NULLS LAST, d.action ASC NULLS LAST
