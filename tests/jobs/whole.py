"""A lake with the tables every vault has: the ledger of sources and the insights too."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from rich.console import Console, RenderableType

from soma.model import Execution, NormalizedDecision
from soma.schema import DECAYED, INSIGHTS, PRESSURE, PROPOSALS, SOURCES, VITALS

from .lake import Lake

HOSTILE = "evil\x1b]0;owned\x07\x1b[2J[bold red]x[/]\u202e\r\nrm -rf ~; $(id) 'quoted\""


class Whole(Lake):
    """Executions, decisions, sources and insights that answer SQL the way a vault does."""

    def __init__(
        self,
        executions: Iterable[Execution],
        decisions: Iterable[NormalizedDecision] = (),
        sources: Iterable[dict[str, Any]] = (),
        insights: Iterable[dict[str, Any]] = (),
        threads: int = 1,
        vitals: Iterable[dict[str, Any]] = (),
        proposals: Iterable[dict[str, Any]] = (),
        pressure: Iterable[dict[str, Any]] = (),
    ) -> None:
        super().__init__(executions, decisions, threads, {VITALS.name: [*vitals], PRESSURE.name: [*pressure]})
        given = ((SOURCES, sources), (INSIGHTS, insights), (PROPOSALS, proposals), (DECAYED, ()))
        for table, rows in given:
            self._connection.register(table.name, pa.Table.from_pylist(list(rows), schema=table.arrow()))


def source(path: str, status: str = "read", **more: Any) -> dict[str, Any]:
    """One line of the ledger."""
    given: dict[str, Any] = {
        "source_id": f"src-{path}", "path": path, "size": 10, "modified_ns": 0, "stamp": "", "content_hash": "",
        "bytes_read": 10, "reader": "", "status": status, "claims": [], "executions": 0, "decisions": 0,
        "quarantined": 0, "redacted": 0, "redactions": [],
    }  # fmt: skip
    return {**given, **more}


def insight(insight_id: str, agents: list[str], **more: Any) -> dict[str, Any]:
    """One stored proposal."""
    given: dict[str, Any] = {
        "insight_id": insight_id, "type": "bottleneck", "claim": "it waits", "confidence": 0.6, "agents": agents,
        "evidence": ["e-1"], "status": "pending", "origin": "harvest", "source_id": "src", "source_offset": 0,
        "source_length": 1,
    }  # fmt: skip
    return {**given, **more}


def shown(page: RenderableType, width: int = 80) -> str:
    """The page as text, at this width."""
    console = Console(width=width, file=io.StringIO(), color_system=None, force_terminal=False, _environ={})
    console.print(page, crop=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def said(text: str) -> str:
    """A page with its line breaks undone, to look for sentences in."""
    return " ".join(text.split())


def harmless(text: str) -> bool:
    """Whether nothing in a page steers the terminal."""
    return not {character for character in text if (ord(character) < 32 and character != "\n") or character == "\u202e"}
