"""What a job's query may not hold: each rule is a difference that was measured between DuckDB and Spark or Sail.

The rules look at the query as it is written. Those that ask for types or for the columns of a source stand in
``typed.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlglot import exp

from .errors import refused
from .reading import TOLD, Node
from .words import ALLOWED, NAMED, POSITIVE


class Rule(NamedTuple):
    """One construct that is refused.

    Attributes:
        construct: Its name, as a person calls it.
        holds: Whether a node is it.
        instead: What to write.
    """

    construct: str
    holds: Callable[[Node], bool]
    instead: str


def _named(*names: str) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, exp.Anonymous) and node.name.lower() in names


def _is(*kinds: type[Node]) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, kinds)


def _either(*tests: Callable[[Node], bool]) -> Callable[[Node], bool]:
    return lambda node: any(test(node) for test in tests)


def _index_in_list(node: Node) -> bool:
    return isinstance(node, exp.Bracket) and not all(
        isinstance(key, exp.Slice) or (isinstance(key, exp.Literal) and key.is_string) for key in node.expressions
    )


def _substring_from_below_one(node: Node) -> bool:
    start = node.args.get("start") if isinstance(node, exp.Substring) else None
    return isinstance(start, exp.Neg) or (isinstance(start, exp.Literal) and start.name == "0")


def _divisor_may_be_zero(node: Node) -> bool:
    if not isinstance(node, (exp.Div, exp.IntDiv, exp.Mod)):
        return False
    by = node.expression.unnest()
    while isinstance(by, exp.Cast):
        by = by.this.unnest()
    never_zero = isinstance(by, exp.Literal) and not by.is_string and float(by.name) != 0
    return not never_zero and not isinstance(by, exp.Nullif)


def _unguarded(node: Node) -> bool:
    """Whether a logarithm or root is taken of what no ``CASE WHEN x > 0`` around it keeps positive."""
    if not isinstance(node, POSITIVE):
        return False
    of = node.expression if isinstance(node, exp.Log) and node.expression else node.this
    if isinstance(of, exp.Literal):
        return float(of.name) <= 0
    above = node.parent
    while above is not None:
        if isinstance(above, exp.If):
            for asked in above.this.flatten() if isinstance(above.this, exp.And) else (above.this,):
                if isinstance(asked, exp.GT) and asked.this == of and isinstance(asked.expression, exp.Literal):
                    return False
        above = above.parent
    return True


def _not_told(node: Node) -> bool:
    return isinstance(node, exp.Ordered) and not node.meta.get(TOLD) and not _all(node.this)


def _all(node: Node) -> bool:
    return isinstance(node, exp.Var) and node.name.upper() == "ALL"


def _group_by_all(node: Node) -> bool:
    return isinstance(node, exp.Group) and bool(node.args.get("all") or any(map(_all, node.expressions)))


def _unordered_cut(node: Node) -> bool:
    return isinstance(node, (exp.Limit, exp.Offset)) and node.parent is not None and not node.parent.args.get("order")


def _unknown_function(node: Node) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() not in NAMED
    return isinstance(node, exp.Func) and not isinstance(node, ALLOWED)


def _ordered_by_default_percentile(node: Node) -> bool:
    if not isinstance(node, exp.WithinGroup):
        return False
    order = node.expression
    ascending = isinstance(order, exp.Order) and not any(key.args.get("desc") for key in order.expressions)
    return not (isinstance(node.this, exp.PercentileCont) and node.this.args.get("expression") is None and ascending)


RULES: tuple[Rule, ...] = (
    Rule("list() or array_agg()", _is(exp.ArrayAgg, exp.ArrayUniqueAgg, exp.ArrayConcatAgg),
         "listed(x, k) makes a list in the order of k; string_agg(x, sep ORDER BY k) a text; or one row per item"),
    Rule("a slice of a list", _either(_is(exp.Slice, exp.ArraySlice), _named("list_slice", "array_slice")),
         "number the rows with row_number() and keep the first ones"),
    Rule("a place in a list", _index_in_list, "lists begin at 1 here and at 0 there: number the rows instead"),
    Rule("a struct literal", _is(exp.Struct), "give each field a column of its own"),
    Rule("any_value(), first() and last()", _is(exp.AnyValue, exp.First, exp.Last, exp.FirstValue, exp.LastValue),
         "min() or max(), or add the column to GROUP BY"),
    Rule("mode()", _is(exp.Mode), "count, then row_number() with an order that leaves no ties"),
    Rule("arg_max() and arg_min()", _is(exp.ArgMax, exp.ArgMin), "row_number() with an order that leaves no ties"),
    Rule("quantile_cont()",
         _either(_named("quantile", "quantile_disc", "percentile_disc", "approx_quantile"),
                 _is(exp.PercentileDisc, exp.Quantile, exp.ApproxQuantile), lambda node: isinstance(
                     node, exp.PercentileCont) and not isinstance(node.parent, exp.WithinGroup)),
         "percentile_cont(q) WITHIN GROUP (ORDER BY x ASC NULLS LAST), or median(x)"),
    Rule("an order inside an aggregate that is turned round", _ordered_by_default_percentile,
         "percentile_cont(q) WITHIN GROUP (ORDER BY x ASC NULLS LAST)"),
    Rule("GROUP BY ALL", _group_by_all, "name the columns"),
    Rule("ORDER BY ALL", lambda node: isinstance(node, exp.Ordered) and _all(node.this), "name the columns"),
    Rule("ORDER BY without the place of NULL", _not_told, "add NULLS FIRST or NULLS LAST to each key"),
    Rule("QUALIFY", _is(exp.Qualify), "number the rows in a CTE and ask for the number outside"),
    Rule("DISTINCT ON", lambda node: isinstance(node, exp.Distinct) and bool(node.args.get("on")),
         "number the rows with row_number() and keep the first"),
    Rule("DISTINCT inside an ordered aggregate", lambda node: isinstance(node, exp.GroupConcat) and bool(
         node.find(exp.Distinct)), "SELECT DISTINCT in a subquery, then aggregate"),
    Rule("string_agg() without an order", lambda node: isinstance(node, exp.GroupConcat) and not isinstance(
         node.this, exp.Order), "string_agg(x, sep ORDER BY k ASC NULLS LAST)"),
    Rule("division by what may be 0", _divisor_may_be_zero, "divide by nullif(x, 0)"),
    Rule("a logarithm or root of what may not be positive", _unguarded, "CASE WHEN x > 0 THEN ln(x) END"),
    Rule("round()", _is(exp.Round), "floor(x + 0.5), of what was scaled before; or round outside of SQL"),
    Rule("substr() from before the first character", _substring_from_below_one, "count from 1"),
    Rule("concat()", lambda node: isinstance(node, exp.Concat) and not isinstance(node, exp.ConcatWs),
         "a || b, or concat_ws(sep, a, b)"),
    Rule("len() and other names of length", _named("len", "array_length", "list_length", "cardinality"),
         "length(x) of a text, array_length(x) of a list"),
    Rule("a lambda", lambda node: any(isinstance(part, (exp.Lambda, exp.Comprehension)) for part in
         node.iter_expressions()), "unnest, then aggregate"),
    Rule("LIKE with an escape", _is(exp.Escape), "contains, starts_with or ends_with"),
    Rule("WITH RECURSIVE", lambda node: isinstance(node, exp.With) and bool(node.args.get("recursive")),
         "ask level by level"),
    Rule("unnest in FROM", _is(exp.Unnest, exp.Lateral), "(SELECT unnest(x) AS name) AS t"),
    Rule("LIMIT without ORDER BY", _unordered_cut, "add an order that leaves no ties"),
    Rule("a sample, a pivot or a join by place",
         _either(_is(exp.TableSample, exp.Pivot), lambda node: isinstance(node, exp.Join) and bool(
             {str(node.args.get("method") or ""), str(node.args.get("kind") or "")} & {"ASOF", "POSITIONAL", "NATURAL"})
         ), "write the join with ON"),
    Rule("COLUMNS(*)", _either(_is(exp.Columns), _named("columns")), "name the columns"),
    Rule("a function that is not known to every engine", _unknown_function,
         "use one of engine/dialect/words.py, or measure it on every engine and add it there"),
)  # fmt: skip
"""In the order in which they are asked: the first that holds names the construct."""


def check(tree: Node) -> None:
    """Refuse what engines understand differently.

    Raises:
        NotPortable: for the first construct that is refused.
    """
    for node in (*_of_queries(tree), *tree.walk()):
        for rule in RULES:
            if rule.holds(node):
                raise refused(rule.construct, node, rule.instead)


def _of_queries(tree: Node) -> Iterator[Node]:
    """Clauses first: what they hold is mostly refused because of them."""
    yield from tree.find_all(exp.Qualify, exp.Group, exp.With)


def check_order(tree: Node) -> None:
    """Refuse a job's query whose answer has no order.

    Raises:
        NotPortable: if neither an ORDER BY ends it nor its form lets it have one row only.
    """
    if tree.args.get("order"):
        return
    if isinstance(tree, exp.Select) and not tree.args.get("group"):
        alone = not tree.args.get("from_")
        if alone or all(_of_one_row(item) for item in tree.selects):
            return
    raise refused("an answer without ORDER BY", tree, "end the query with an ORDER BY that leaves no ties")


def _of_one_row(item: Node) -> bool:
    """Whether a column is made of aggregates and of what does not depend on a row."""
    if isinstance(item, (exp.AggFunc, exp.Subquery, exp.WithinGroup)):
        return True
    if isinstance(item, exp.Anonymous) and item.name.lower() == "listed":
        return True
    if isinstance(item, exp.Filter):
        return _of_one_row(item.this)
    if isinstance(item, (exp.Column, exp.Star, exp.Window)):
        return False
    return all(_of_one_row(part) for part in item.iter_expressions())
