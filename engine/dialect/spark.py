"""The same tree in Spark's words, where sqlglot's own are others or mean something else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark

from .reading import Node
from .words import PATTERNS

# Places in order, a NULL key last, then only the items. Lists there cannot be ordered inside an aggregate. Sail calls
# an aggregate by the fields of its struct, so no two may have them alike.
_LISTED = (
    "TRANSFORM(ARRAY_SORT(COLLECT_LIST(STRUCT(:k IS NULL AS soma_none{0}, :k AS soma_key{0}, :x AS soma_item{0}))), "
    "s -> s.soma_item{0})"
)


def known_functions(tree: exp.Query) -> exp.Query:
    """Give sqlglot the names it has for functions of DuckDB that it does not know, so that their types are known."""
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "epoch_us":
            call.replace(exp.UnixMicros(this=call.expressions[0]))
    return tree


def text_of(tree: Node) -> str:
    """Spark SQL of a qualified tree."""
    numbers = count(1)
    said = tree.transform(lambda node: _said(node, numbers))
    return said.sql(Spark, comments=False)


def _said(node: Node, numbers: Iterator[int]) -> Node:
    if isinstance(node, exp.Anonymous) and node.name.lower() == "listed":
        item, key = node.expressions
        return _listed(item, key, next(numbers))
    if isinstance(node, exp.Median):
        return exp.Anonymous(this="PERCENTILE", expressions=[node.this, exp.Literal.number("0.5")])
    if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont):
        # sqlglot's own word is PERCENTILE_APPROX, which is another number.
        (ordered,) = node.expression.expressions
        return exp.Anonymous(this="PERCENTILE", expressions=[ordered.this, node.this.this])
    if isinstance(node, PATTERNS):
        pattern = node.expression.name
        if pattern.endswith("$") and not pattern.endswith(r"\$"):
            # Java's $ also stands before a line end that closes the text.
            node.set("expression", exp.Literal.string(pattern[:-1] + r"\z"))
    return node


def _listed(item: Node, key: Node, number: int) -> Node:
    made = sqlglot.parse_one(_LISTED.format(number), dialect=Spark)
    for place in list(made.find_all(exp.Placeholder)):
        place.replace((item if place.name == "x" else key).copy())
    return made
