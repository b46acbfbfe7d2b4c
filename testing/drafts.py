"""What a single draft must be, whatever file it came from: in its vocabulary, in its units, nothing made up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from soma import clock, codec
from soma.model import DecisionDraft, ExecutionDraft, PatternDraft
from soma.source import Damage

SUCCESS_FROM = frozenset({"reward", "feedback", "evaluation", "labels"})
ROLES = frozenset(
    {"", "shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other"}
)  # fmt: skip
_LARGEST = 1 << 63
_COUNTS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")
_INSTANTS = ("started_at", "ended_at", "seen_at")


def faults(item: ExecutionDraft | PatternDraft | Damage, size: int | None = None) -> Iterator[str]:
    """Everything that is wrong with what an adapter yielded; nothing when it is sound.

    Args:
        item: What ``map`` yielded.
        size: Bytes of the source when positions count its bytes; ``None`` when they count something else (rows of a
            database, bytes of an unpacked archive).
    """
    if not isinstance(item, ExecutionDraft | PatternDraft | Damage):
        yield f"is a {type(item).__name__}, no draft"
        return
    own = list(_typed(item))
    yield from own
    if own:
        return
    yield from _placed(item, size)
    if isinstance(item, Damage):
        yield from [] if item.reason else ["damage without a reason"]
    elif isinstance(item, PatternDraft):
        yield from _measured(item)
        yield from _fraction(item.confidence, "confidence")
    else:
        yield from _execution(item, size)


def _execution(draft: ExecutionDraft, size: int | None) -> Iterator[str]:
    if not draft.execution_id or not draft.framework:
        yield "an execution without an id or a framework"
    if draft.execution_id not in draft.claims:
        yield "claims do not hold the execution's own id"
    if draft.success is not None and draft.success_from is None:
        yield "success is said, but not by whom (success_from)"
    if draft.success_from is not None and draft.success_from not in SUCCESS_FROM:
        yield f"success_from is {draft.success_from!r}"
    yield from _measured(draft)
    for step, decision in enumerate(draft.decisions):
        for fault in _decision(decision, size):
            yield f"decision {step}: {fault}"


def _decision(draft: DecisionDraft, size: int | None) -> Iterator[str]:
    if not isinstance(draft, DecisionDraft):
        yield f"is a {type(draft).__name__}, no decision"
        return
    own = list(_typed(draft))
    yield from own
    if own:
        return
    if draft.role not in ROLES:
        yield f"role is {draft.role!r}"
    if draft.turn < 0:
        yield "a negative turn"
    if draft.duration_ms is not None and not 0 <= draft.duration_ms < math.inf:
        yield f"a duration of {draft.duration_ms} ms"
    yield from _fraction(draft.confidence, "confidence")
    yield from _measured(draft)
    yield from _placed(draft, size)
    yield from _writable(draft.arguments)


def _typed(item: Any) -> Iterator[str]:
    """Types and vocabulary as the model declares them, and text that is Unicode."""
    fields = msgspec.structs.asdict(item)
    # Decisions are looked at one by one; arguments may be anything that can be written.
    fields.pop("decisions", None)
    fields.pop("arguments", None)
    try:
        msgspec.convert(fields, type(item))
    except msgspec.ValidationError as problem:
        yield f"not what the model says: {problem}"
        return
    for name, value in fields.items():
        texts = value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else [value]
        if any(isinstance(text, str) and not _unicode(text) for text in texts):
            yield f"{name} holds a lone surrogate"


def _unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _measured(item: Any) -> Iterator[str]:
    for name in _COUNTS:
        count = getattr(item, name, None)
        if count is not None and not 0 <= count < _LARGEST:
            yield f"{name} is {count}"
    for name in _INSTANTS:
        instant = getattr(item, name, None)
        if instant is not None and clock.plausible(instant) is None:
            yield f"{name} is {instant}, no instant in microseconds between 1971 and 2200"
    cost = getattr(item, "cost_usd", None)
    if cost is not None and not 0 <= cost < math.inf:
        yield f"cost_usd is {cost}"
    score = getattr(item, "score", None)
    if score is not None and not math.isfinite(score):
        yield f"score is {score}"


def _fraction(value: float | None, name: str) -> Iterator[str]:
    if value is not None and not 0 <= value <= 1:
        yield f"{name} is {value}, not between 0 and 1"


def _placed(item: Any, size: int | None) -> Iterator[str]:
    if not item.source_id:
        yield "no source_id"
    if size is None:
        return
    if item.offset < 0 or item.length < 0 or item.offset + item.length > size:
        yield f"bytes {item.offset} to {item.offset + item.length} lie outside of a source of {size} bytes"


def _writable(arguments: Any) -> Iterator[str]:
    if isinstance(arguments, str):
        yield from [] if _unicode(arguments) else ["arguments hold a lone surrogate"]
        return
    try:
        codec.encode(arguments)
    except RecursionError:
        return
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as problem:
        yield f"arguments cannot be written as JSON: {problem}"
