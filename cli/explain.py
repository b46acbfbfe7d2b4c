"""``soma harvest --explain``: which adapter claims a file, why, and the first decisions it would yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.jobs import chain
from soma.synthesizer.jobs.chain.explain import head, replay
from soma.synthesizer.jobs.chain.model import Chain
from soma.synthesizer.wording import number, plain

if TYPE_CHECKING:
    from soma.harvester.explain import Claim, Explanation

_RUNS = 2
_DECISIONS = 5


class Explained(msgspec.Struct, frozen=True, rename="camel"):
    """One file: who claims it, what it would yield, and the first runs of it."""

    path: str
    claims: tuple[Claim, ...]
    looks_like: str
    state: str
    reason: str | None
    executions: int
    decisions: int
    first: tuple[Chain, ...]


class ExplainedFiles(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma harvest --explain``."""

    schema: str = "soma.explain"
    schema_version: int = 1
    files: tuple[Explained, ...]


def explained(found: Explanation) -> Explained:
    """A typed answer out of what asking and reading gave."""
    report = found.portion.reports[0]
    rows = found.portion.decision_rows
    chains = chain.of_tables(found.portion.executions, rows).chains if rows is not None else ()
    return Explained(
        path=found.path, claims=tuple(found.claims), looks_like=found.looks_like, state=report.state,
        reason=report.reason, executions=report.executions, decisions=report.decisions, first=chains[:_RUNS],
    )  # fmt: skip


def render(result: ExplainedFiles) -> RenderableType:
    """Every file: the claims, the surest first, then what reading it would give."""
    parts: list[RenderableType] = []
    for file in result.files:
        parts += [Text(plain(file.path, 300), style="bold"), _claims(file), Text()]
        told = f"{number(file.executions, 'run')}, {number(file.decisions, 'decision')}"
        parts.append(Text(f"  would give {told}" + (f": {plain(file.reason, 300)}" if file.reason else "")))
        for each in file.first:
            parts += [Text(), head(each), *replay(each, most=_DECISIONS)]
        parts.append(Text())
    return Group(*parts)


def _claims(file: Explained) -> RenderableType:
    if not file.claims:
        return Text(f"  no adapter claims it (looks like: {plain(file.looks_like, 300)})", style="yellow")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for position, claim in enumerate(file.claims):
        use = {"read": "", "companion": " (read with other sources)", "copy": " (a copy, not read)"}[claim.use]
        words = f"{claim.why}{use}"
        mark = Text("▸" if position == 0 else " ", style="green")
        table.add_row(
            mark, Text(plain(claim.adapter)), Text(plain(claim.variant)), f"{claim.confidence:.1f}", plain(words)
        )
    return table
