"""How a decision ended, from what its span recorded; see ``capabilities`` for why an unset status can be ``ok``."""

from __future__ import annotations

import re

from soma.model import Outcome, Status

from .spans import Span

_TIMEOUT = re.compile(r"tim(?:e|ed)[\s_-]?out|deadline[\s_-]?exceeded", re.IGNORECASE)
_LOOKED_AT = 2000
_HTTP_ERROR = 400


def outcome_of(span: Span, answer: str | None = None) -> Outcome:
    """The outcome of the call a span stands for.

    Args:
        span: A tool, agent or CLIENT span.
        answer: What came back, where the span itself does not hold it (the next model call was given it).
    """
    if span.status == "error" or span.error is not None:
        return "timeout" if is_timeout(span) else "failed"
    result = span.tool_call.result if span.tool_call is not None else None
    if result is not None and result.failed:
        return "timeout" if _TIMEOUT.search((result.text or "")[:_LOOKED_AT]) else "failed"
    if span.http_status is not None and span.http_status >= _HTTP_ERROR:
        return "failed"
    if span.end is None:
        return "unknown"
    answered = span.http_status is not None or answer is not None or (result is not None and result.text is not None)
    return "ok" if span.status == "ok" or answered else "unknown"


def is_timeout(span: Span) -> bool:
    """Whether what went wrong was a limit of time."""
    return _TIMEOUT.search(f"{span.error_type or ''} {(span.error or '')[:_LOOKED_AT]}") is not None


def error_of(span: Span, outcome: Outcome) -> str | None:
    """The error text of a call that failed."""
    if outcome not in ("failed", "timeout"):
        return None
    if span.error is not None:
        return span.error
    if span.tool_call is not None and span.tool_call.result.failed:
        return span.tool_call.result.text
    return f"HTTP {span.http_status}" if span.http_status is not None else None


def status_of(root: Span | None) -> Status:
    """How the run ended, told by its root span alone."""
    if root is None:
        return "unknown"
    if root.status == "error":
        return "failed"
    return "completed" if root.end is not None else "unknown"
