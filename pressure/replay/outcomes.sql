-- Outcomes stored of the firings ?.
SELECT *
FROM firing_outcomes_stored
WHERE firing_id IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY firing_id NULLS LAST, horizon NULLS LAST
