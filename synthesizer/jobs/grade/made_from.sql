-- What besides the harvest an answer depends on: which replays and which models are kept.
SELECT concat_ws(
    ' ',
    (
        SELECT
            CAST(coalesce(CAST(sum(many) AS BIGINT), 0) AS VARCHAR)
            || ' ' || coalesce(string_agg(engine, ' ' ORDER BY engine NULLS LAST), '')
        FROM (SELECT engine, count(*) AS many FROM vitals GROUP BY engine) AS engines
    ),
    (SELECT string_agg(calibration_id, ' ' ORDER BY calibration_id NULLS LAST) FROM calibrations)
) AS made_from
