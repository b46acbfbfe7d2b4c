-- The kept answer of a job.
SELECT answer
FROM results
WHERE job = ? AND parameters = ? AND basis = ?
ORDER BY answer NULLS LAST
