-- Firings of real deployments with what became of them at the horizon ?, in the order in which arms were dealt.
SELECT
    f.pattern,
    f.pattern_version,
    f.family,
    f.firing_id,
    f.execution_id,
    f.arm,
    f.dealt,
    h.recovered,
    e.success
FROM firings AS f
LEFT JOIN firing_outcomes AS h ON h.firing_id = f.firing_id AND h.horizon = ?
LEFT JOIN firing_outcomes AS e ON e.firing_id = f.firing_id AND e.horizon = 0
WHERE f.source IN ('hook', 'wrap', 'runtime')
  AND f.arm IN ('treatment', 'control')
ORDER BY f.dealt ASC NULLS LAST, f.firing_id ASC NULLS LAST
