-- The marks that redaction left, with the column and the bytes of the record they stand in.
WITH texts AS (
    SELECT source_id, source_offset, source_length, unnest([
        {'place': 'action', 'text': action}, {'place': 'arguments', 'text': arguments},
        {'place': 'reasoning', 'text': reasoning}, {'place': 'error', 'text': error}, {'place': 'output', 'text': output}
    ]) AS found
    FROM decisions
    UNION ALL
    SELECT source_id, source_offset, source_length, unnest([
        {'place': 'task', 'text': task_text}, {'place': 'error', 'text': error}
    ]) AS found
    FROM executions
),
marks AS (
    SELECT source_id, source_offset, source_length, found.place AS place,
        unnest(regexp_extract_all(found.text, '\[REDACTED:[a-z0-9-]+:[0-9a-f]{4}\]')) AS mark
    FROM texts
    WHERE contains(found.text, '[REDACTED:')
)
SELECT
    split_part(m.mark, ':', 2) AS kind,
    m.mark,
    coalesce(s.path, '?') AS path,
    m.source_offset,
    m.source_length,
    m.place,
    CAST(count(*) AS BIGINT) AS many
FROM marks AS m
LEFT JOIN sources AS s ON s.source_id = m.source_id
GROUP BY m.mark, s.path, m.source_offset, m.source_length, m.place
ORDER BY kind, m.mark, path, m.source_offset, m.place
