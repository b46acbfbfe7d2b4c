-- Teams of which findings are kept.
SELECT DISTINCT team_id
FROM team_findings
ORDER BY team_id ASC NULLS LAST
