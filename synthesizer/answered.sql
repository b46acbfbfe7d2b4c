-- How many answers are kept that were made from these rows by this method.
SELECT CAST(count(*) AS BIGINT) AS answers
FROM results
WHERE basis = ?
