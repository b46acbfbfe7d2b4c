"""What came back from a tool: text, outcome, clock. The error flag alone says little, so the details decide too."""

from __future__ import annotations

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_number, as_object, as_text
from soma.model import Outcome
from soma.text import clip

from .entries import Content, Details, Message, content_of, details_of, text_in

_FAILED = frozenset({"error", "failed", "killed", "forbidden"})
_TIMEOUT = frozenset({"timeout", "timed_out", "timed-out"})
_REFUSED = frozenset({"denied", "rejected", "cancelled", "canceled", "aborted", "approval-unavailable"})
_PENDING = frozenset({"running", "pending", "approval-pending"})
_ERRORS = frozenset({"failed", "timeout"})
_WRAPPER = "tool_call"
_MISSING_TEXT = "[openclaw] missing tool result in session history"
# Older versions report the fate of the killed process here, as "failed", though the kill itself was done.
_KILL_DONE = ("Termination requested for session ", "Killed session ")


NO_DETAILS = Details()


class Result(msgspec.Struct, kw_only=True, gc=False):
    """One tool result.

    Attributes:
        made_up: It is no result: OpenClaw wrote it to repair a transcript whose result was lost.
        pending: The command still ran when the call returned.
        process: OpenClaw's name of the background process the result is about.
        at: When the tool came back; duration_ms: by the tool's own clock.
    """

    call_id: str | None
    tool: str
    outcome: Outcome
    output: str | None
    error: str | None
    pending: bool = False
    made_up: bool = False
    process: str | None = None
    at: int | None = None
    duration_ms: float | None = None
    spawned: str | None = None


def result_of(message: Message) -> Result:
    """The result a ``toolResult`` message (or the result inside a nested call) holds."""
    tool = message.tool_name or "unknown"
    details, content = message.details or NO_DETAILS, message.content
    if tool == _WRAPPER and (inner := as_object(details.result)):
        # The wrapper says that it ran; what the real tool said is one level down.
        details = details_of(as_object(inner.get("details")))
        content = content_of(inner["content"]) if "content" in inner else content
    text = flat_text(content) or text_in(details.aggregated)
    failed = message.is_error is True
    outcome = _outcome(failed, details)
    if tool == "process" and text is not None and text.startswith(_KILL_DONE):
        outcome = "ok"
    return Result(
        call_id=message.tool_call_id or None,
        tool=tool,
        outcome=outcome,
        output=clip(text) if text is not None else None,
        error=_error(details, text) if outcome in _ERRORS else None,
        pending=not failed and details.status in _PENDING,
        made_up=details.made_up is True or (failed and text is not None and text.startswith(_MISSING_TEXT)),
        process=as_text(details.session_id),
        at=clock.instant(message.timestamp),
        duration_ms=_own_clock(details),
        spawned=as_text(details.child_session_key),
    )


def _outcome(failed: bool, details: Details) -> Outcome:
    status = details.status.lower() if details.status else ""
    if status in _TIMEOUT or details.timed_out is True:
        return "timeout"
    if failed or status in _FAILED:
        return "failed"
    code = details.exit_code
    if code and isinstance(code, int | float):
        return "failed"
    if status in _REFUSED:
        return "skipped"
    return "unknown" if status in _PENDING else "ok"


def _error(details: Details, text: str | None) -> str | None:
    said = as_text(details.error) or text
    if said is None:
        code = as_number(details.exit_code)
        said = f"exit code {code:g}" if code is not None else None
    return clip(said) if said else None


def _own_clock(details: Details) -> float | None:
    for value in (details.duration_ms, details.took_ms):
        if value is not None and (lasted := as_number(value)) is not None:
            return lasted if lasted >= 0 else None
    return None


def flat_text(content: Content) -> str | None:
    """Text of a message's content, a string or blocks; what is no text becomes ``[image]`` or the like."""
    if content is None or isinstance(content, str):
        return content or None
    if len(content) == 1 and (text := content[0].text) is not None:
        return text or None
    parts = []
    for block in content:
        if block.text is not None:
            parts.append(block.text)
        elif block.type:
            parts.append(f"[{block.type}]")
    return "\n".join(parts) or None
