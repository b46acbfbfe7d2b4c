-- The marks that redaction left, with the column and the bytes of the record they stand in.
WITH texts AS (
    SELECT source_id, source_offset, source_length, 'action' AS place, action AS said FROM decisions
    UNION ALL
    SELECT source_id, source_offset, source_length, 'arguments' AS place, arguments AS said FROM decisions
    UNION ALL
    SELECT source_id, source_offset, source_length, 'reasoning' AS place, reasoning AS said FROM decisions
    UNION ALL
    SELECT source_id, source_offset, source_length, 'error' AS place, error AS said FROM decisions
    UNION ALL
    SELECT source_id, source_offset, source_length, 'output' AS place, output AS said FROM decisions
    UNION ALL
    SELECT source_id, source_offset, source_length, 'task' AS place, task_text AS said FROM executions
    UNION ALL
    SELECT source_id, source_offset, source_length, 'error' AS place, error AS said FROM executions
),
marks AS (
    SELECT source_id, source_offset, source_length, place,
        unnest(regexp_extract_all(said, '\[REDACTED:[a-z0-9-]+:[0-9a-f]{4}\]')) AS mark
    FROM texts
    WHERE contains(said, '[REDACTED:')
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
ORDER BY
    kind NULLS LAST, m.mark NULLS LAST, path NULLS LAST, m.source_offset NULLS LAST, m.source_length NULLS LAST,
    m.place NULLS LAST
