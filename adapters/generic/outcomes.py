"""How a tool call went, told from what came back: flags first, then status words, then the first words of the text."""

from __future__ import annotations

import re

from soma import codec
from soma.adapters.blocks.document import as_object, as_text
from soma.model import Outcome

from .messages import Result, json_text

_JSON_LOOKED_AT = 1 << 20
_JSON_MARKS = ('"error"', '"is_error"')
_FAILED = re.compile(
    r"\s*(?:(?:[A-Za-z]\w*\.)*[A-Z]?\w*(?:Error|Exception)\s*:|(?:tool |fatal )?(?:error|exception|fatal)\s*:"
    r"|\[error\]|<error>|traceback \(most recent call last\)"
    r"|error (?:executing|calling|running|invoking|while|during|in|from|occurred|reading|writing|parsing)\b)",
    re.IGNORECASE,
)
_TIMED_OUT = re.compile(
    r"\s*(?:error:?\s+)?(?:(?!not\b|never\b)\w+\s+){0,3}timed[ -]out\b"
    r"|\s*(?:[a-z]\w*\.)*timeout(?:(?:error|expired|exception)\b|\s*:)",
    re.IGNORECASE,
)
_STATUS: dict[str, Outcome] = {
    "error": "failed", "failed": "failed", "failure": "failed", "incomplete": "failed",
    "timeout": "timeout", "timed_out": "timeout",
    "cancelled": "skipped", "canceled": "skipped", "rejected": "skipped", "denied": "skipped", "skipped": "skipped",
    "aborted": "skipped",
    "success": "ok", "ok": "ok", "succeeded": "ok",
}  # fmt: skip


def judge(result: Result) -> tuple[Outcome, str | None]:
    """Outcome and error text of a result.

    A flag or a status word is believed; ``completed`` only says that the tool came back, so the text decides then.
    """
    text = result.text
    stated = _STATUS.get(result.status or "")
    if result.flag is True or stated == "failed":
        error = result.error or text or result.status
        return ("timeout" if timed_out(error or "") or timed_out(text) else "failed"), error
    if stated in {"timeout", "skipped"}:
        return stated, result.error or text or result.status
    if result.flag is False or stated == "ok":
        return "ok", None
    if timed_out(text):
        return "timeout", text
    if _FAILED.match(text):
        return "failed", text
    if (problem := _json_error(text)) is not None:
        return ("timeout" if timed_out(problem) else "failed"), problem
    return "ok", None


def timed_out(text: str) -> bool:
    """Whether a text begins by saying that something took too long."""
    return _TIMED_OUT.match(text[:200]) is not None


def _json_error(text: str) -> str | None:
    """The error that a result in JSON states at its top: ``{"error": ...}``."""
    if text.lstrip()[:1] != "{" or len(text) > _JSON_LOOKED_AT or not any(mark in text for mark in _JSON_MARKS):
        return None
    try:
        value = as_object(codec.decode(text))
    except codec.Undecodable:
        return None
    error = value.get("error")
    if isinstance(error, str | dict | list) and error:
        return as_text(error) or as_text(as_object(error).get("message")) or json_text(error) or "error"
    if error is True or value.get("is_error") is True or value.get("status") == "error":
        return as_text(value.get("message")) or text
    return None
