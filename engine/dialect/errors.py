"""What is said of a query that engines would understand differently."""

from __future__ import annotations

from soma.errors import UsageError

from .reading import Node, first_line_of

_LONGEST = 100


class NotPortable(UsageError):
    """A query holds a construct that DuckDB and Spark understand differently, or that one of them does not know."""

    default_hint = "docs/design/engines.md lists what may be written"


def refused(construct: str, node: Node, instead: str) -> NotPortable:
    """The error that names a construct, where it stands, and what to write in its place."""
    text = " ".join(node.sql("duckdb", comments=False).split())
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    line = first_line_of(node)
    return NotPortable(
        f"engines understand {construct} differently", where=f"line {line}: {shown}" if line else shown, hint=instead
    )
