"""The views a question sees, each made when a query first names it: most queries name one or two of thirty."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

VIEWS = ("views.sql", "paths.sql")
"""The files that make the views from the stored tables."""
_COMMENT = re.compile(r"--[^\n]*")
_MADE = re.compile(r"CREATE (?:VIEW|TEMP TABLE) (\w+)")
_READ = re.compile(r'\b(?:FROM|JOIN)\s+"?(\w+)', re.IGNORECASE)

_LISTS = re.compile(r"\b(?:duckdb_|information_schema|pg_|sqlite_|show\b)", re.IGNORECASE)


def texts() -> list[str]:
    """What the files of views say."""
    return [files("soma.vault").joinpath(name).read_text(encoding="utf-8") for name in VIEWS]


def names_in(query: str) -> set[str]:
    """What a query reads, as far as it says so plainly: the names after FROM and JOIN, in small letters."""
    return {name.lower() for name in _READ.findall(_COMMENT.sub("", query))}


class Views:
    """The views of one connection, those that are made and those that may be.

    Args:
        connection: They are made in it.
        stored: Name to the query of each stored table; the views of the files rest on these.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, stored: Mapping[str, str]) -> None:
        self._connection = connection
        # Several threads may ask the same snapshot; what one of them makes is whole before another reads it.
        self._lock = threading.RLock()
        self._open = {name: f"CREATE VIEW {name} AS {query}" for name, query in stored.items()}
        views, others = _statements()
        self._open |= views
        for statement in others:
            connection.execute(statement)

    def define(self, name: str, statement: str) -> None:
        """Let ``statement`` make the view ``name``, which nothing has asked for yet."""
        self._open[name] = statement

    def narrow(self, name: str, condition: str) -> None:
        """Let the view ``name``, whose text has no condition and nothing has asked for yet, show only some rows."""
        self._open[name] = f"{self._open[name]}\nWHERE {condition}"

    def make_for(self, query: str) -> None:
        """Make those that ``query`` names plainly; all of them where it asks which ones there are."""
        if _LISTS.search(query):
            self.make_all()
        self.make(names_in(query))

    def make(self, names: Iterable[str]) -> None:
        """Make those of ``names`` that are views and not made yet, after what they rest on."""
        with self._lock:
            for name in names:
                statement = self._open.pop(name, None)
                if statement is not None:
                    self.make(names_in(statement))
                    self._connection.execute(statement)

    def make_all(self) -> bool:
        """Make all that are left; whether there were any."""
        with self._lock:
            left = list(self._open)
            self.make(left)
        return bool(left)


@cache
def _statements() -> tuple[Mapping[str, str], list[str]]:
    """The statements of the files: by name those that make a view or a table, and all others."""
    views, others = {}, []
    for statement in (part.strip() for text in texts() for part in _COMMENT.sub("", text).split(";")):
        made = _MADE.match(statement)
        if made is not None:
            views[made[1]] = statement
        elif statement:
            others.append(statement)
    return views, others
