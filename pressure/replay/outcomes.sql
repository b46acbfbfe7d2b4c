-- Outcomes stored of the firings ?.
SELECT *
FROM firing_outcomes_stored
WHERE firing_id IN (SELECT unnest(?::VARCHAR[]))
ORDER BY firing_id, horizon
