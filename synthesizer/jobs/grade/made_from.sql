-- What besides the harvest an answer depends on: which replays and which models are kept.
SELECT concat_ws(
    ' ',
    (SELECT concat(count(*), ' ', string_agg(DISTINCT engine, ' ' ORDER BY engine)) FROM vitals),
    (SELECT string_agg(calibration_id, ' ' ORDER BY calibration_id) FROM calibrations)
) AS made_from
