"""What one step of the engine is given: one action, as a decision of the vault or a live hook tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from soma import codec
from soma.action import subject

from .constants import TEXT_HEAD, TEXT_TAIL

FAILED = frozenset({"failed", "timeout"})
"""Outcomes that count as a failure; ``skipped`` and ``unknown`` say nothing about the agent."""


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """One action. ``None`` means not known, which is no evidence of distress and none of health.

    Texts must be valid Unicode, which ``soma.codec`` makes of whatever was written.

    Attributes:
        role: What kind of tool, across frameworks (``shell``, ``read``, ...).
        action: Enriched name of what was chosen, ``exec:himalaya``.
        tool: Name of the tool as the framework wrote it.
        arguments_digest: Equal means the same call again.
        output_digest: Equal means the same answer again.
        outcome: ``ok``, ``failed``, ``timeout``, ``skipped`` or ``unknown``.
        error: The error message. output: What came back. reasoning: What the agent wrote about why.
        tokens: Of the model call that made the choice, in and out. cost_usd: Its cost.
        duration_ms: How long the action took.
        started_at: Epoch microseconds.
        files: Files the call is about, where that is certain. fresh: Whether it says itself that the file is new.
        tests: Whether it runs tests or checks. said: What a message says, its beginning and end.
        model: The model that made the choice. turn: Which request of the user it serves, from 0.
    """

    role: str = "other"
    action: str = ""
    tool: str = ""
    arguments_digest: str | None = None
    output_digest: str | None = None
    outcome: str = "unknown"
    error: str | None = None
    output: str | None = None
    reasoning: str | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    duration_ms: float | None = None
    started_at: int | None = None
    files: tuple[str, ...] = ()
    fresh: bool = False
    tests: bool = False
    said: str | None = None
    model: str | None = None
    turn: int = 0

    @property
    def failed(self) -> bool:
        """Whether the action failed or ran out of time."""
        return self.outcome in FAILED

    @property
    def call(self) -> str | None:
        """What makes two calls the same; ``None`` when the arguments are not known."""
        return None if self.arguments_digest is None else f"{self.action}\x1f{self.arguments_digest}"


def of_row(row: Mapping[str, Any]) -> Action:
    """The action a row of ``archive/decisions`` tells, by column names; times as epoch microseconds."""
    known = [row[name] for name in ("tokens_in", "tokens_out") if row.get(name) is not None]
    role, arguments = row["role"], row.get("arguments")
    about = subject(role, row["tool"], arguments)
    return Action(
        role=role,
        action=row["action"],
        tool=row["tool"],
        arguments_digest=row["arguments_digest"],
        output_digest=row["output_digest"],
        outcome=row["outcome"],
        error=row["error"],
        output=row["output"],
        reasoning=row["reasoning"],
        tokens=sum(known) if known else None,
        cost_usd=row["cost_usd"],
        duration_ms=row["duration_ms"],
        started_at=row["started_at"],
        files=about.files,
        fresh=about.fresh,
        tests=about.tests,
        said=_said(arguments) if role == "message" and arguments else None,
        model=row.get("model"),
        turn=row.get("turn") or 0,
    )


def _said(arguments: str) -> str:
    """The longest text among the arguments of a message, bounded; what was cut off in the source is text as it is."""
    try:
        given = codec.decode(arguments)
    except codec.Undecodable:
        given = arguments
    texts = [text for text in given.values() if isinstance(text, str)] if isinstance(given, dict) else [str(given)]
    return bounded(max(texts, key=len, default=""))


def bounded(text: str) -> str:
    """The beginning and the end of a text: what of it is looked at, so that long texts cost no more."""
    return text if len(text) <= TEXT_HEAD + TEXT_TAIL else f"{text[:TEXT_HEAD]} {text[-TEXT_TAIL:]}"
