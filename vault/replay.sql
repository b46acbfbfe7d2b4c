-- Which executions of sources that are gone can be kept, from the files that can still be read.

-- A row that the table still has is the one that was committed; of the others the last reading.
CREATE TEMP TABLE chosen AS
SELECT f.*
FROM executions_found AS f
LEFT JOIN executions_live AS l ON l.execution_id = f.execution_id
WHERE f.source_id IN (SELECT source_id FROM gone)
    AND CASE WHEN l.execution_id IS NULL THEN executions_complete() ELSE l.reading = f.reading END
QUALIFY row_number() OVER (PARTITION BY f.execution_id ORDER BY f.reading DESC) = 1;

CREATE TEMP TABLE theirs AS
SELECT d.*
FROM decisions_found AS d
SEMI JOIN chosen AS c ON c.execution_id = d.execution_id AND c.reading = d.reading
QUALIFY row_number() OVER (PARTITION BY d.execution_id, d.decision_id ORDER BY d.step) = 1;

CREATE TEMP TABLE counted AS
SELECT execution_id, count(*) AS decisions FROM theirs GROUP BY execution_id;

CREATE TEMP TABLE doubled AS
SELECT DISTINCT execution_id
FROM (
    SELECT execution_id FROM decisions_live GROUP BY execution_id, reading, decision_id HAVING count(*) > 1
    UNION ALL
    SELECT execution_id FROM executions_live GROUP BY execution_id HAVING count(*) > 1
);

CREATE TEMP TABLE whole AS
SELECT c.*
FROM chosen AS c
LEFT JOIN counted AS n ON n.execution_id = c.execution_id
ANTI JOIN doubled AS two ON two.execution_id = c.execution_id
WHERE c.decisions = coalesce(n.decisions, 0)
    AND c.decisions = c.ok + c.failed + c.timeout + c.skipped + c.unknown;

-- What each source would have.
CREATE TEMP TABLE agreeing AS
WITH there AS (
    SELECT execution_id, source_id, decisions FROM whole
    UNION
    SELECT execution_id, source_id, decisions FROM executions_live
)
SELECT g.source_id
FROM gone AS g
JOIN there AS t ON t.source_id = g.source_id
GROUP BY g.source_id, g.executions, g.decisions
HAVING count(*) = g.executions AND sum(t.decisions) = g.decisions;

CREATE TEMP TABLE executions_kept AS
SELECT w.*
FROM whole AS w
WHERE w.execution_id IN (SELECT execution_id FROM executions_live)
    OR w.source_id IN (SELECT source_id FROM agreeing)
ORDER BY w.execution_id;

CREATE TEMP TABLE decisions_kept AS
SELECT t.*
FROM theirs AS t
SEMI JOIN executions_kept AS k ON k.execution_id = t.execution_id
ANTI JOIN decisions_live AS l
    ON l.execution_id = t.execution_id AND l.reading = t.reading AND l.decision_id = t.decision_id
ORDER BY t.execution_id, t.step, t.decision_id;
