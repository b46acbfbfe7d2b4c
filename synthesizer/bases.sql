-- What the kept answers were made from.
SELECT DISTINCT basis
FROM results
ORDER BY basis ASC NULLS LAST
