"""Functions that were seen to mean the same on DuckDB, Spark and Sail, with the ones that are said in another way."""

from __future__ import annotations

from sqlglot import exp

from .reading import Node

ALLOWED: tuple[type[Node], ...] = (
    # Not calls, but sqlglot counts them as such.
    exp.And, exp.Or, exp.Case, exp.If, exp.Cast, exp.Exists, exp.Array,
    # Of one value.
    exp.Abs, exp.Ceil, exp.Chr, exp.Coalesce, exp.ConcatWs, exp.Contains, exp.EndsWith, exp.Floor, exp.Greatest,
    exp.Least, exp.Length, exp.Ln, exp.MD5, exp.Nullif, exp.Replace, exp.SHA2, exp.SplitPart, exp.Sqrt, exp.StartsWith,
    exp.StrPosition, exp.Substring, exp.UnixMicros,
    # Of patterns, of lists and maps.
    exp.RegexpExtractAll, exp.RegexpLike, exp.RegexpReplace,
    exp.ArrayContains, exp.ArrayMax, exp.ArrayMin, exp.ArraySize, exp.ArrayToString, exp.Explode, exp.MapKeys,
    # Of many rows.
    exp.Avg, exp.Count, exp.GroupConcat, exp.LogicalAnd, exp.LogicalOr, exp.Max, exp.Median, exp.Min,
    exp.PercentileCont, exp.Sum, exp.DenseRank, exp.Lag, exp.Lead, exp.Rank, exp.RowNumber,
)  # fmt: skip
"""Functions sqlglot knows."""
NAMED = frozenset({"epoch_us", "listed", "map_entries"})
"""Functions it does not."""
POSITIVE: tuple[type[Node], ...] = (exp.Ln, exp.Log, exp.Sqrt)
"""Functions of positive numbers: elsewhere one engine answers NULL, one an infinity, one an error."""
PATTERNS: tuple[type[Node], ...] = (exp.RegexpExtractAll, exp.RegexpLike, exp.RegexpReplace)
"""Functions whose second argument is a pattern."""
