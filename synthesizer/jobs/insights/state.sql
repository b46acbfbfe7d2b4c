-- Whether the jobs ever ran, whether over these very rows, and how many findings decayed.
SELECT
    (SELECT CAST(count(*) AS BIGINT) FROM results) AS kept,
    (SELECT CAST(count(*) AS BIGINT) FROM results WHERE basis = ?) AS current,
    (SELECT CAST(count(*) AS BIGINT) FROM decayed) AS decayed
