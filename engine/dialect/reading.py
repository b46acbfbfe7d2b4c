"""DuckDB's SQL read into a tree that also remembers what sqlglot forgets: NULL order that was told, places of ``?``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.tokenizer_core import TokenType

Node: TypeAlias = exp.Expr
TOLD = "nulls_told"
_AT = "at"


def _placeholder(parser: Any) -> Node:
    found = exp.Placeholder()
    found.meta[_AT] = parser._prev.start
    return found


class Jobs(DuckDB):
    """DuckDB's dialect as the jobs write it."""

    class Parser(DuckDBParser):
        """Its parser, which marks what the guard and the binding of parameters ask for."""

        PLACEHOLDER_PARSERS = {  # noqa: RUF012 - as sqlglot declares it
            **DuckDBParser.PLACEHOLDER_PARSERS,
            TokenType.PLACEHOLDER: _placeholder,
        }

        def _parse_ordered(self, parse_method: Callable[[], Any] | None = None) -> exp.Ordered | None:
            found = super()._parse_ordered(parse_method)
            if found is not None:
                words = [token.text.upper() for token in self._tokens[max(0, self._index - 2) : self._index]]
                found.meta[TOLD] = words in (["NULLS", "FIRST"], ["NULLS", "LAST"])
            return found


def statements(text: str) -> list[Node]:
    """The statements of a file, the ``?`` of each named ``p1``, ``p2``, … in the order in which they stand.

    Raises:
        NotPortable: if the text cannot be read.
    """
    from .errors import NotPortable

    try:
        found = [node for node in sqlglot.parse(text, dialect=Jobs) if node is not None]
    except SqlglotError as problem:
        raise NotPortable(
            f"the query cannot be read: {str(problem).splitlines()[0]}",
            hint="write CAST(x AS TYPE) for x::TYPE, and one SELECT",
        ) from None
    for node in found:
        places = sorted(node.find_all(exp.Placeholder), key=lambda place: place.meta.get(_AT, 0))
        for number, place in enumerate(places, start=1):
            place.set("this", f"p{number}")
    return found


def first_line_of(node: Node) -> int | None:
    """The line of the text in which the construct begins, as far as its names tell."""
    lines = [part.meta["line"] for part in node.walk() if "line" in part.meta]
    return min(lines) if lines else None
