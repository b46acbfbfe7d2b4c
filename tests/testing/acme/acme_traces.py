"""An adapter as another company would write it: ACME's robots log one step a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma import clock, identity
from soma.adapters.blocks.document import as_number, as_object, as_text
from soma.adapters.blocks.head import Head
from soma.adapters.blocks.jsonl import read_lines
from soma.adapters.contract import Adapter, Capabilities, Match, Yield
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Damage, Record
from soma.text import clip


def sniff(head: Head) -> Match | None:
    """Claims lines that say they are ACME's."""
    if not any("acme" in record and "run" in record for record in head.records):
        return None
    return Match(confidence=1.0, variant="v1", why="lines with acme and run")


def steps(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution per run; runs of several files are put together by their ids."""
    runs: dict[tuple[str, str], ExecutionDraft] = {}
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        line = as_object(record.value)
        run = as_text(line.get("run"))
        if run is None:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason="a step of no run")  # fmt: skip
            continue
        draft = runs.get((record.source.source_id, run))
        if draft is None:
            draft = _execution(run, line.get("agent"), record)
            runs[record.source.source_id, run] = draft
        draft.decisions.append(_decision(line, record))
    yield from runs.values()


def _execution(run: str, agent: object, record: Record) -> ExecutionDraft:
    execution_id = identity.qualified("acme", run)
    return ExecutionDraft(
        execution_id=execution_id, framework="acme", agent_id=as_text(agent) or "", claims=[execution_id],
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


def _decision(line: dict[str, object], record: Record) -> DecisionDraft:
    gave = as_text(line.get("gave"))
    ok = line.get("ok")
    duration = as_number(line.get("ms"))
    return DecisionDraft(
        tool=as_text(line.get("tool")) or "unknown", arguments=line.get("with"), native_id=as_text(line.get("step")),
        outcome="ok" if ok is True else "failed" if ok is False else "unknown",
        output=None if gave is None else clip(gave), error=clip(gave) if gave and ok is False else None,
        started_at=clock.instant(line.get("at")),
        duration_ms=duration if duration is not None and duration >= 0 else None,
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


ADAPTER = Adapter(
    name="acme",
    version=1,
    capabilities=Capabilities(
        title="ACME robot logs",
        fields=dict.fromkeys(("arguments", "output", "error", "started_at", "duration_ms"), "given"),
    ),
    sniff=sniff,
    read=read_lines,
    map=steps,
)
