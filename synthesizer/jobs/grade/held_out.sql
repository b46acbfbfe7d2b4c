-- What the stored models are worth on held-out tasks.
SELECT held_out
FROM calibrations
ORDER BY after NULLS LAST
