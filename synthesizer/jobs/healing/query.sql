-- The first failure of each kind in an execution, what was tried next, and what became of the ? actions after that.
-- A kind is a role, or a tool where ? says so.
WITH steps AS (
    SELECT
        d.execution_id,
        d.agent_id,
        CASE WHEN ? = 'tool' THEN d.tool ELSE d.role END AS kind,
        CASE WHEN d.outcome IN ('failed', 'timeout') THEN 1 ELSE 0 END AS failed,
        p.pressure,
        row_number() OVER (
            PARTITION BY d.execution_id ORDER BY d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
        ) AS place,
        CAST(sum(CASE WHEN d.outcome IN ('failed', 'timeout') THEN 1 ELSE 0 END) OVER (
            PARTITION BY d.execution_id ORDER BY d.step ASC NULLS LAST, d.decision_id ASC NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS failures
    FROM decisions AS d
    LEFT JOIN pressure AS p ON p.decision_id = d.decision_id
),
firsts AS (
    SELECT execution_id, kind, min(place) AS place
    FROM steps
    WHERE failed = 1
    GROUP BY execution_id, kind
)
SELECT
    n.execution_id,
    n.agent_id,
    f.kind,
    n.kind AS next_kind,
    l.failures - n.failures AS failures,
    l.pressure - b.pressure AS change
FROM firsts AS f
JOIN steps AS b ON b.execution_id = f.execution_id AND b.place = f.place
JOIN steps AS n ON n.execution_id = f.execution_id AND n.place = f.place + 1
LEFT JOIN steps AS l ON l.execution_id = n.execution_id AND l.place = n.place + ?
ORDER BY f.kind ASC NULLS LAST, n.execution_id ASC NULLS LAST
