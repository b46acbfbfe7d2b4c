-- Every firing that was dealt an arm, in the order in which they were.
SELECT firing_id, source, pattern, family, arm, dealt
FROM firings_stored
WHERE source <> 'replay'
ORDER BY dealt NULLS LAST, firing_id NULLS LAST
