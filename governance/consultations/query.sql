-- Where the policy ? stands in what runs were asked, thought, called and answered; whether it is really meant is decided
-- on the text. Checks of a guard's trail belong to the run that was guarded. Of answers only those of soma's own tools
-- count; those that do not show the policy come with an empty text.
WITH asked AS (SELECT CAST(? AS VARCHAR) AS policy),
runs AS (
    SELECT execution_id, parent_execution_id, task_text, coalesce(labels['record'], '') = 'guard' AS trail
    FROM executions
    WHERE coalesce(labels['branch'], '') <> 'abandoned'
),
calls AS (
    SELECT
        r.execution_id,
        d.decision_id,
        d.action,
        d.reasoning,
        d.arguments,
        d.output,
        epoch_us(d.started_at) AS at,
        d.action = 'exec:soma' OR regexp_matches(d.action, '^mcp:[^:]*soma[^:]*:') AS own
    FROM decisions AS d
    INNER JOIN runs AS r ON r.execution_id = d.execution_id
    WHERE NOT r.trail
)
SELECT r.parent_execution_id AS execution_id, d.decision_id, 'guard' AS place, d.action, d.arguments AS said,
    epoch_us(d.started_at) AS at
FROM decisions AS d
INNER JOIN runs AS r ON r.execution_id = d.execution_id
CROSS JOIN asked AS a
WHERE r.trail AND r.parent_execution_id IS NOT NULL AND strpos(d.arguments, a.policy) > 0
UNION ALL
SELECT r.execution_id, CAST(NULL AS VARCHAR) AS decision_id, 'prompt' AS place, '' AS action, r.task_text AS said, CAST(NULL AS BIGINT) AS at
FROM runs AS r
CROSS JOIN asked AS a
WHERE NOT r.trail AND strpos(r.task_text, a.policy) > 0
UNION ALL
SELECT c.execution_id, c.decision_id, 'reasoning' AS place, c.action, c.reasoning AS said, c.at
FROM calls AS c
CROSS JOIN asked AS a
WHERE strpos(c.reasoning, a.policy) > 0
UNION ALL
SELECT c.execution_id, c.decision_id, CASE WHEN c.own THEN 'tool' ELSE 'arguments' END AS place, c.action,
    c.arguments AS said, c.at
FROM calls AS c
CROSS JOIN asked AS a
WHERE strpos(c.arguments, a.policy) > 0
UNION ALL
SELECT c.execution_id, c.decision_id, 'tool' AS place, c.action,
    CASE WHEN strpos(c.output, a.policy) > 0 THEN c.output ELSE '' END AS said, c.at
FROM calls AS c
CROSS JOIN asked AS a
WHERE c.own AND (strpos(c.output, a.policy) > 0 OR ends_with(c.action, ':query_policies'))
ORDER BY execution_id NULLS LAST, place NULLS LAST, decision_id NULLS LAST, said NULLS LAST
