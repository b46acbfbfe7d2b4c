"""What a tool result means: its text, its outcome, how long the call took."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_number, as_text
from soma.model import Outcome
from soma.text import clip

from .lines import Block, Line, ResultBlock, Structured

_REJECTED = (
    "The user doesn't want to proceed",
    "The user doesn't want to take this action",
    "[Request interrupted by user",
    "Claude requested permissions to",
    # A call of a parallel group that was not run because another one of the group failed.
    "Sibling tool call errored",
    "Cancelled: parallel tool call",
)
_TIMED_OUT = ("Command timed out", "Request timed out")
_LOOKED_AT = 400


class Result(msgspec.Struct, gc=False):
    """The answer to one call.

    Attributes:
        duration_ms: As the tool measured it; ``None`` when it did not.
        agent_id: The sub-agent that did the work, for a delegation.
        completed: Whether the tool said that the sub-agent completed.
    """

    text: str
    outcome: Outcome
    at: int | None
    duration_ms: float | None = None
    agent_id: str | None = None
    completed: bool = False


NONE: list[tuple[str, Result]] = []
"""The results of a line that has none."""


def results_of(line: Line, at: int | None) -> list[tuple[str, Result]]:
    """The tool results of a user line with the ids of their calls.

    Of their texts only what drafts will hold is kept, on the line too: a session's lines are all held until its end.
    """
    content = line.message.content if line.type == "user" and line.message is not None else None
    if not isinstance(content, list):
        return NONE
    blocks = [block for block in content if block.type == "tool_result"]
    # The structured copy belongs to one result; with several on a line nothing says to which.
    extra = line.tool_use_result if len(blocks) == 1 else None
    found = []
    for block in blocks:
        text = block.content = clip(flat(block.content))
        if call_id := as_text(block.tool_use_id):
            found.append((call_id, _result(block, text, extra, at)))
    return found


def _result(block: Block, text: str, extra: Any, at: int | None) -> Result:
    if not isinstance(extra, Structured):
        failed = block.is_error is True or (block.is_error is None and str(extra or "").startswith("Error: "))
        return Result(text, _outcome(text, failed), at)
    exit_code = as_number(extra.exit_code)
    failed = block.is_error is True or extra.status == "failed" or (
        exit_code is not None and exit_code != 0 and not as_text(extra.return_code_interpretation)
    )  # fmt: skip
    stopped = extra.interrupted is True or extra.was_interrupted is True
    return Result(
        text,
        "skipped" if stopped else _outcome(text, failed),
        at,
        duration_ms=_duration(extra),
        agent_id=as_text(extra.agent_id),
        completed=extra.status == "completed",
    )


def _outcome(text: str, failed: bool) -> Outcome:
    start = text[:_LOOKED_AT].lstrip().removeprefix("<tool_use_error>").removeprefix("Error: ")
    # Only the beginning counts: a file that quotes these words is no rejection.
    if start.startswith(_REJECTED) or (start.startswith("Permission to use") and "has been denied" in start):
        return "skipped"
    if start.startswith("Command timed out after") or (failed and any(words in start for words in _TIMED_OUT)):
        return "timeout"
    return "failed" if failed else "ok"


def _duration(extra: Structured) -> float | None:
    seconds = as_number(extra.duration_seconds)
    for value in (as_number(extra.duration_ms), as_number(extra.total_duration_ms), seconds and seconds * 1000):
        if value is not None and value >= 0:
            return value
    return None


def flat(content: str | list[ResultBlock] | None) -> str:
    """Content blocks as one text; what is no text is named: ``[image]``."""
    if isinstance(content, str):
        return content
    parts = []
    for block in content or []:
        if isinstance(block.text, str):
            parts.append(block.text)
        elif kind := as_text(block.type):
            parts.append(f"[{kind}]")
    return "\n".join(parts)
