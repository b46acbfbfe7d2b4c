"""A run, reduced to what decisions are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from .messages import Call
from .usage import Usage


class Message(msgspec.Struct, frozen=True, gc=False):
    """What a model answered: its words, the calls it asked for, what it cost as reported in the answer."""

    text: str | None
    calls: tuple[Call, ...]
    usage: Usage | None
    model: str | None

    @property
    def tells(self) -> bool:
        """Whether it asks for anything or says what it cost."""
        return self.usage is not None or bool(self.calls)


class Run(msgspec.Struct, kw_only=True, gc=False):
    """One run, reduced to what decisions are made of. Times are epoch microseconds.

    Attributes:
        ancestors: Ids from the root to the parent, where ``dotted_order`` tells them.
        began: The instant ``dotted_order`` sorts by; the same as ``started_at`` in a healthy trace.
        error: The exception, without its traceback.
        asked: First request of a user in the inputs.
        inputs, outputs: As written, or a ``Result``; kept for tools and retrievers only, once the type is known.
        metadata: Runs share it: whoever changes it makes another.
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


def is_missing(value: Any) -> bool:
    """Whether a field tells nothing."""
    return value is None or value in ("", {}, [], ())
