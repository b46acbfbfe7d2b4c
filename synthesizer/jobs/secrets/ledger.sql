-- All that redaction counted, also in texts that were cut before they reached a column.
SELECT path, entry.key AS kind, entry.value AS many
FROM (SELECT path, unnest(map_entries(redactions)) AS entry FROM sources)
ORDER BY path NULLS LAST, kind NULLS LAST
