"""Runs, gathered from rows, nested objects and ingest operations, and merged by id.

One run may be told in several places: a ``post`` and the ``patch`` that completes it, a nested dump and a flat
export, two files that each hold a part of a trace. Every telling becomes a ``Run``; ``merged`` makes one of them.
Message histories, which fill most of an export, are left behind as soon as the type of the run is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.source import Damage, Record

from .about import known_metadata
from .messages import Call, answers, calls_of, request_text, said
from .rows import Extra, Row, row_of
from .sniff import RUN_TYPES
from .usage import Usage, combined, dollars, usage_of

ROW, POST, PATCH = "row", "post", "patch"
_BATCHES = (("runs", ROW), ("post", POST), ("patch", PATCH))
_RUN_MARKS = ("run_type", "dotted_order", "trace_id", "parent_run_id")
_SEGMENT = re.compile(r"\d{8}T\d{12}Z")
STAMP = 22
_TRACEBACK = "Traceback (most recent call last):"
# LangGraph appends a line of its own after the exception.
_NO_EXTRA = Extra()
_NOT_THE_ERROR = "During task with name"


class Message(msgspec.Struct, frozen=True):
    """What a model answered: its words, the calls it asked for, what it cost as reported in the answer."""

    text: str | None
    calls: tuple[Call, ...]
    usage: Usage | None
    model: str | None

    @property
    def tells(self) -> bool:
        """Whether it asks for anything or says what it cost."""
        return self.usage is not None or bool(self.calls)


class Run(msgspec.Struct, kw_only=True):
    """One run, reduced to what decisions are made of. Times are epoch microseconds.

    Attributes:
        ancestors: Ids from the root to the parent, where ``dotted_order`` tells them.
        began: The instant ``dotted_order`` sorts by; the same as ``started_at`` in a healthy trace.
        error: The exception, without its traceback.
        asked: First request of a user in the inputs.
        inputs, outputs: As written; kept for tools and retrievers only, once the type is known.
        patched: Whether it comes from an update operation.
    """

    run_id: str
    source_id: str
    offset: int
    length: int
    patched: bool = False
    trace_id: str | None = None
    parent_id: str | None = None
    ancestors: tuple[str, ...] = ()
    began: int | None = None
    run_type: str | None = None
    name: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    error: str | None = None
    state: str | None = None
    asked: str | None = None
    inputs: Any = None
    outputs: Any = None
    message: Message | None = None
    usage: Usage | None = None
    cost: float | None = None
    model: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    tool_call_id: str | None = None
    example_id: str | None = None
    project: str | None = None
    feedback: dict[str, Any] = msgspec.field(default_factory=dict)


_PLACE = frozenset({"run_id", "source_id", "offset", "length", "patched"})
_FACTS = tuple(name for name in Run.__struct_fields__ if name not in _PLACE)


class Telling(msgspec.Struct, frozen=True, gc=False):
    """Some fields of one run, as one operation gives them; ``parent_id`` when it was found inside another run."""

    run_id: str
    operation: str
    row: Row
    parent_id: str | None = None


def gather(records: Iterable[Record | Damage], runs: dict[str, Run]) -> Iterator[Damage]:
    """Reads all records into ``runs``, merged by id; what is no run comes out as damage.

    The result does not depend on the order of the sources.
    """
    told: dict[str, dict[tuple[str, bool], Run]] = {}
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        strange = 0
        for telling in tellings_of(record.value):
            if telling is None:
                strange += 1
            else:
                _add(told.setdefault(telling.run_id, {}), telling, record)
        if strange:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason=f"neither a run nor an ingest operation ({strange:,} in this record)")  # fmt: skip
    for run_id, copies in told.items():
        run = merged(list(copies.values()))
        if run.run_type is None:
            yield Damage(source_id=run.source_id, offset=run.offset, length=run.length,
                         reason="an update of a run whose start (and type) is in none of the sources")  # fmt: skip
        else:
            runs[run_id] = run


def _add(copies: dict[tuple[str, bool], Run], telling: Telling, record: Record) -> None:
    patched = telling.operation == PATCH
    source_id = record.source.source_id
    run = copies.get((source_id, patched))
    if run is None:
        run = Run(
            run_id=telling.run_id, source_id=source_id, offset=record.offset, length=record.length, patched=patched
        )
        copies[source_id, patched] = run
    elif telling.operation == ROW:
        run.offset, run.length = record.offset, record.length
    elif record.offset == run.offset + run.length:
        # The parts of one operation follow each other: together they are its bytes.
        run.length += record.length
    absorb(run, telling)


def merged(copies: list[Run]) -> Run:
    """One run of its copies: the one that ended last leads, what it lacks is taken from the others."""
    if len(copies) > 1:
        copies.sort(key=lambda run: run.source_id)
        copies.sort(key=lambda run: (run.ended_at or -1, run.patched, _filled(run)), reverse=True)
    lead = copies[0]
    for other in copies[1:]:
        lead.metadata = other.metadata | lead.metadata
        for name in _FACTS:
            if _missing(getattr(lead, name)) and not _missing(getattr(other, name)):
                setattr(lead, name, getattr(other, name))
    _settle(lead)
    return lead


def _filled(run: Run) -> int:
    return sum(not _missing(getattr(run, name)) for name in _FACTS)


def _missing(value: Any) -> bool:
    return value is None or value in ("", {}, [], ())


def tellings_of(value: Any) -> Iterator[Telling | None]:
    """Every run that a record tells of, child runs included; ``None`` for each thing in it that is no run."""
    if isinstance(value, Row):
        yield Telling(value.id, ROW, value)
        waiting = _children(value.child_runs, ROW, value.id)
    else:
        waiting = [(value, ROW, None)]
    while waiting:
        item, operation, parent = waiting.pop()
        if isinstance(item, list):
            waiting.extend((inner, operation, parent) for inner in reversed(item))
            continue
        fields = as_object(item)
        run_id = as_text(fields.get("id"))
        if run_id is not None and not fields.keys().isdisjoint(_RUN_MARKS):
            waiting.extend(_children(fields.get("child_runs"), operation, run_id))
            yield Telling(run_id, operation, row_of(fields), parent)
        elif isinstance(part := fields.get("part"), str):
            # Feedback and attachments travel in the same request; they are no runs, and no damage.
            if not part.startswith(("feedback.", "attachment.")):
                yield _part(part, fields.get("value"))
        else:
            inner = [(entry, meaning, None) for key, meaning in _BATCHES for entry in as_list(fields.get(key))]
            if not inner and not any(isinstance(fields.get(key), list) for key, _ in _BATCHES):
                inner = [(entry, ROW, None) for entry in fields.values() if "run_type" in as_object(entry)]
                if not inner:
                    yield None
            waiting.extend(reversed(inner))


def _children(children: Any, operation: str, parent: str) -> list[tuple[Any, str, str | None]]:
    nested = list(children.values()) if isinstance(children, dict) else as_list(children)
    # Text among child runs is an id: those runs are told elsewhere.
    return [(child, operation, parent) for child in reversed(nested) if not isinstance(child, str)]


def _part(name: str, value: Any) -> Telling | None:
    operation, _, rest = name.partition(".")
    run_id, _, field = rest.partition(".")
    if operation not in (POST, PATCH) or not run_id:
        return None
    return Telling(run_id, operation, row_of({field: value} if field else as_object(value)))


def absorb(run: Run, telling: Telling) -> None:
    """Takes over what is told; a value that is missing or of a wrong type leaves what was known."""
    row = telling.row
    _absorb_place(run, row)
    run.parent_id = run.parent_id or telling.parent_id
    if row.run_type:
        run.run_type = row.run_type if row.run_type in RUN_TYPES else "chain"
    run.name = row.name or run.name
    run.started_at = clock.instant(row.start_time) or run.started_at
    run.ended_at = clock.instant(row.end_time) or run.ended_at
    if row.error:
        run.error = error_head(row.error) or run.error
    run.state = row.status or run.state
    extra = row.extra or _NO_EXTRA
    if told := known_metadata(row.metadata, extra.metadata):
        run.metadata |= told
    run.tool_call_id = as_text(extra.tool_call_id) or run.tool_call_id
    if (called := extra.invocation_params) is not None:
        run.model = as_text(called.model) or as_text(called.model_name) or run.model
    run.example_id = row.reference_example_id or run.example_id
    run.project = row.session_name or run.project
    run.feedback = row.feedback_stats or run.feedback
    run.usage = row.usage() or run.usage
    if row.total_cost is not None:
        run.cost = _first(dollars(row.total_cost), run.cost)
    if row.inputs is not None and (not _missing(row.inputs) or run.inputs is None):
        run.inputs = row.inputs
    if row.outputs is not None and (not _missing(row.outputs) or run.outputs is None):
        run.outputs = row.outputs
    _settle(run)


def _absorb_place(run: Run, row: Row) -> None:
    run.trace_id = row.trace_id or run.trace_id
    run.parent_id = row.parent_run_id or run.parent_id
    segments = (row.dotted_order or "").split(".")
    for segment in segments:
        if len(segment) <= STAMP or not _SEGMENT.match(segment):
            return
    run.ancestors = tuple([segment[STAMP:] for segment in segments[:-1]])
    run.began = clock.from_iso(f"{segments[-1][:15]}.{segments[-1][15:STAMP]}")
    run.trace_id = run.trace_id or segments[0][STAMP:]


def _first(value: float | None, other: float | None) -> float | None:
    return other if value is None else value


def _settle(run: Run) -> None:
    """Reduces inputs and outputs to what the type of the run needs."""
    if run.run_type in (None, "tool", "retriever"):
        return
    if run.inputs is not None:
        run.asked, run.inputs = request_text(run.inputs) or run.asked, None
    if run.outputs is not None:
        if run.run_type == "llm":
            run.message = _message(as_object(run.outputs))
        run.outputs = None


def _message(outputs: dict[str, Any]) -> Message:
    bodies = answers(outputs)
    texts = [text for body in bodies if (text := said(body)) is not None]
    calls = tuple(call for body in bodies for call in calls_of(body))
    # The response's own totals, where messages carry none, stand once in ``outputs``, not once for every message.
    each = [usage for body in bodies if (usage := usage_of(body, {})) is not None]
    usage = combined(each) or usage_of({}, outputs)
    response = next((as_object(body.get("response_metadata")) for body in bodies), {})
    told = as_object(outputs.get("llm_output"))
    model = (as_text(response.get("model_name")) or as_text(response.get("model"))
             or as_text(told.get("model_name")) or as_text(outputs.get("model")))  # fmt: skip
    return Message("\n".join(texts) or None, calls, usage, model)


def error_head(error: Any) -> str | None:
    """The exception of a stored error: ``repr(exception)`` before the traceback, else the traceback's last line."""
    text = as_text(error)
    if text is None:
        return None
    head = text.partition(_TRACEBACK)[0].partition("\n    at ")[0].strip()
    if head:
        return head
    lines = (line.strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if line and not line.startswith(_NOT_THE_ERROR)), None)
