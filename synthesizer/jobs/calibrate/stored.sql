-- The stored models, one per number of decisions.
SELECT after, data, features, executions, used_for, held_out, model
FROM calibrations
ORDER BY after NULLS LAST
