"""What came back from a tool: text, outcome, clock. The error flag alone says little, so the details decide too."""

from __future__ import annotations

from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.model import Outcome
from soma.text import clip

_FAILED = frozenset({"error", "failed", "killed", "forbidden"})
_TIMEOUT = frozenset({"timeout", "timed_out", "timed-out"})
_REFUSED = frozenset({"denied", "rejected", "cancelled", "canceled", "aborted", "approval-unavailable"})
_PENDING = frozenset({"running", "pending", "approval-pending"})
_MISSING_TEXT = "[openclaw] missing tool result in session history"
# Older versions report the fate of the killed process here, as "failed", though the kill itself was done.
_KILL_DONE = ("Termination requested for session ", "Killed session ")


class Result(msgspec.Struct, kw_only=True):
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


def result_of(message: dict[str, Any]) -> Result:
    """The result a ``toolResult`` message (or the result inside a nested call) holds."""
    tool = as_text(message.get("toolName")) or "unknown"
    details, content = as_object(message.get("details")), message.get("content")
    inner = as_object(details.get("result"))
    if tool == "tool_call" and inner:
        # The wrapper says that it ran; what the real tool said is one level down.
        details, content = as_object(inner.get("details")), inner.get("content", content)
    text = flat_text(content) or as_text(details.get("aggregated"))
    failed = message.get("isError") is True
    outcome = _outcome(failed, details)
    if tool == "process" and (text or "").startswith(_KILL_DONE):
        outcome = "ok"
    return Result(
        call_id=as_text(message.get("toolCallId")),
        tool=tool,
        outcome=outcome,
        output=clip(text) if text else None,
        error=_error(outcome, details, text),
        pending=not failed and as_text(details.get("status")) in _PENDING,
        made_up=details.get("openclawSyntheticMissingToolResult") is True
        or (failed and (text or "").startswith(_MISSING_TEXT)),
        process=as_text(details.get("sessionId")),
        at=clock.instant(message.get("timestamp")),
        duration_ms=_own_clock(details),
        spawned=as_text(details.get("childSessionKey")),
    )


def _outcome(failed: bool, details: dict[str, Any]) -> Outcome:
    status = details.get("status")
    status = status.lower() if isinstance(status, str) else ""
    if status in _TIMEOUT or details.get("timedOut") is True:
        return "timeout"
    if failed or status in _FAILED:
        return "failed"
    code = details.get("exitCode")
    if isinstance(code, int | float) and code != 0:
        return "failed"
    if status in _REFUSED:
        return "skipped"
    return "unknown" if status in _PENDING else "ok"


def _error(outcome: Outcome, details: dict[str, Any], text: str | None) -> str | None:
    if outcome not in {"failed", "timeout"}:
        return None
    said = as_text(details.get("error")) or text
    if said is None:
        code = as_number(details.get("exitCode"))
        said = f"exit code {code:g}" if code is not None else None
    return clip(said) if said else None


def _own_clock(details: dict[str, Any]) -> float | None:
    for name in ("durationMs", "tookMs"):
        value = as_number(details.get(name))
        if value is not None:
            return value if value >= 0 else None
    return None


def flat_text(content: Any) -> str | None:
    """Text of a message's content, a string or blocks; what is no text becomes ``[image]`` or the like."""
    if isinstance(content, str):
        return content or None
    parts = []
    for item in as_list(content):
        block = as_object(item)
        if isinstance(text := block.get("text"), str):
            parts.append(text)
        elif kind := as_text(block.get("type")):
            parts.append(f"[{kind}]")
    return "\n".join(parts) or None
