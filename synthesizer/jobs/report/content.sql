-- Digest of which readings of which executions there are: equal for two vaults that hold the same.
SELECT coalesce(
    sha256(string_agg(execution_id || ' ' || CAST(revision AS VARCHAR), chr(10) ORDER BY execution_id NULLS LAST)), ''
) AS digest
FROM executions
