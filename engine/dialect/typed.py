"""Rules of the guard that ask what a column is: its type, or whether it is one."""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from .errors import refused
from .reading import Node
from .words import PATTERNS

_WHOLE = exp.DataType.INTEGER_TYPES
_REAL = exp.DataType.REAL_TYPES - {exp.DType.DECIMAL}
# What Java, RE2 and Rust read alike: no class of letters by name, no dot (line ends), no group with options, no class
# inside a class.
_OTHERWISE = re.compile(r"\\|\.|\(\?|\[[^\]]*\[|&&|--|~~")
_FREE_END = re.compile(r"\$.|[^\[]\^")


def check_names(tree: Node) -> None:
    """Refuse a name that only another column of the same SELECT gives, outside of ORDER BY.

    Raises:
        NotPortable: for the first such name. Sail does not know them; Spark and DuckDB disagree where a column of a
            source has the name too.
    """
    for scope in traverse_scope(tree):
        if isinstance(scope.expression, exp.Select):
            _check_names_of(scope.expression, scope)


def _check_names_of(select: exp.Select, scope: Scope) -> None:
    made = {item.alias for item in select.selects if isinstance(item, exp.Alias) and not _same(item)}
    for column in scope.columns:
        if column.table or column.name not in made or column.find_ancestor(exp.Order) is not None:
            continue
        known = {name for source in scope.sources.values() for name in _columns(source)}
        if column.name not in known:
            raise refused(
                "the name of a column made in the same SELECT", column, "repeat what it is, or make it in a CTE"
            )


def _same(item: exp.Alias) -> bool:
    return isinstance(item.this, exp.Column) and item.this.name == item.alias


def _columns(source: object) -> list[str]:
    if isinstance(source, Scope):
        made = source.expression
        return [name for name in made.named_selects if name] if isinstance(made, exp.Query) else []
    found = source.meta.get("columns", ()) if isinstance(source, exp.Table) else ()
    return list(found)


def check_types(tree: Node) -> None:
    """Refuse arithmetic whose result depends on the engine.

    Args:
        tree: Qualified, with the type of every expression.

    Raises:
        NotPortable: for the first expression that is refused.
    """
    for node in tree.walk():
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div)) and _of_decimal(node):
            raise refused("arithmetic with a decimal", node, "write 5e-1 for 0.5: a DOUBLE on every engine")
        if isinstance(node, exp.Cast):
            _check_cast(node)
        elif isinstance(node, exp.Sum):
            _check_sum(node)
        elif isinstance(node, exp.Div):
            if not {_kind(node.this), _kind(node.expression)} & _REAL:
                raise refused("/ of whole numbers", node, "a // b for a whole number, CAST(a AS DOUBLE) / b else")
        elif isinstance(node, exp.IntDiv) and not (_kind(node.this) in _WHOLE and _kind(node.expression) in _WHOLE):
            raise refused("// of other than whole numbers", node, "floor(a / nullif(b, 0))")
        elif isinstance(node, PATTERNS):
            _check_pattern(node)


def _of_decimal(node: exp.Binary) -> bool:
    sides = [side.unnest() for side in (node.this, node.expression)]
    numbers = [side.name.lower() for side in sides if isinstance(side, exp.Literal) and not side.is_string]
    return any("." in number and "e" not in number for number in numbers)


def _kind(node: Node) -> exp.DType:
    while isinstance(node, (exp.Paren, exp.Neg)):
        node = node.this
    return node.type.this if node.type is not None else exp.DType.UNKNOWN


def _check_cast(node: exp.Cast) -> None:
    of = node.this.unnest()
    if node.to.this not in _WHOLE or isinstance(of, (exp.Floor, exp.Ceil, exp.Placeholder, exp.Null)):
        return
    if isinstance(of, exp.Window | exp.Filter):
        of = of.this.this if isinstance(of.this, exp.Filter) else of.this
    summed = of.this if isinstance(of, exp.Sum) else of
    if isinstance(of, (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank)) or _kind(summed) in _WHOLE:
        return
    raise refused("a cast to a whole number of what may be a fraction", node, "CAST(floor(x + 5e-1) AS BIGINT)")


def _check_sum(node: exp.Sum) -> None:
    above = node.parent
    while isinstance(above, (exp.Window, exp.Filter, exp.Paren, exp.Coalesce)):
        above = above.parent
    if _kind(node.this) not in _REAL and not isinstance(above, exp.Cast):
        raise refused("sum() of whole numbers", node, "CAST(sum(x) AS BIGINT): it is 128 bits wide here, 64 there")


def _check_pattern(node: Node) -> None:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise refused("a pattern that is no literal", node, "write the pattern into the query")
    text = re.sub(r"\\[^A-Za-z0-9]", "_", pattern.name)
    if _OTHERWISE.search(text):
        raise refused("this pattern", node, r"write [0-9] for \d, [^\n] with its own words for a dot, and no options")
    if _FREE_END.search(text):
        raise refused("^ and $ inside a pattern", node, "let ^ begin it and $ end it")
    if isinstance(node, exp.RegexpReplace):
        every = node.args.get("modifiers") is not None and node.args["modifiers"].name == "g"
        if not (every or text.startswith("^") or text.endswith("$")):
            raise refused("regexp_replace() of the first match", node, "let ^ begin or $ end the pattern, or add 'g'")
        if re.search(r"[\\$]", node.args["replacement"].name):
            raise refused("a group in what replaces", node, "replace by plain text")
