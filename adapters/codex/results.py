"""What the output of a call means: its text, its outcome, how long the call took."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.model import Outcome

_SKIPPED = (
    "patch rejected",
    "exec command rejected",
    "rejected by user",
    "aborted by user",
    "approval policy is ",
    "user rejected",
    "user cancelled",
)
_FAILED = (
    "failed in sandbox",
    "execution error",
    "sandbox error",
    "failed to ",
    "unsupported call",
    "unsupported custom tool call",
    "apply_patch verification failed",
    "exec_command failed",
    "write_stdin failed",
    "tool call error",
    "err: ",
)
_TIMED_OUT = 124  # how Codex, like ``timeout``, reports a command that it stopped
_LOOKED_AT = 400
_HEADER = re.compile(
    r"Exit code: (?P<exit>-?\d{1,9})|Process exited with code (?P<exited>-?\d{1,9})"
    r"|Wall time: (?P<seconds>[\d.]{1,12}) seconds?|Process running with session ID (?P<running>\S+)"
    r"|Chunk ID: .*|Original token count: .*|Total output lines: .*"
)


class Result(msgspec.Struct, gc=False):
    """The answer to one call; ``duration_ms`` as Codex measured it, ``None`` when it did not say."""

    text: str
    outcome: Outcome
    duration_ms: float | None = None


def result_of(output: Any) -> Result:
    """The result in an output item: a text, a text that holds JSON with an exit code, blocks, or an object."""
    if isinstance(output, str):
        document = _document(output)
        return _of_text(output) if document is None else _of_document(document)
    if isinstance(output, dict):
        return _of_document(output)
    return _of_text(flat(output))


def result_of_event(payload: dict[str, Any]) -> Result | None:
    """What an ``*_end`` event says of a call, which its output item may leave out; the text is empty."""
    milliseconds = _milliseconds(payload.get("duration"))
    status = payload.get("status")
    outcome: Outcome
    if status == "declined":
        outcome = "skipped"
    elif (code := as_number(payload.get("exit_code"))) is not None:
        outcome = _by_exit(code)
    elif isinstance(payload.get("success"), bool):
        outcome = "ok" if payload["success"] else "failed"
    elif isinstance(payload.get("result"), dict):
        answer = payload["result"]
        inner = as_object(answer.get("Ok"))
        outcome = "failed" if "Err" in answer or True in (inner.get("isError"), inner.get("is_error")) else "ok"
    else:
        return None
    return Result("", outcome, milliseconds)


def flat(content: Any) -> str:
    """Content blocks as one text; what is no text is named: ``[image]``."""
    if isinstance(content, str):
        return content
    parts = []
    for block in as_list(content):
        if isinstance(block, str):
            parts.append(block)
        elif isinstance(block, dict):
            kind = as_text(block.get("type"))
            text = block.get("text")
            if isinstance(text, str):
                parts.append(text)
            elif kind:
                parts.append(f"[{kind.removeprefix('input_').removeprefix('output_')}]")
    return "\n".join(parts)


def _document(text: str) -> dict[str, Any] | None:
    if not text.startswith("{") or '"metadata"' not in text:
        return None
    try:
        value = codec.decode(text)
    except codec.Undecodable:
        return None
    # A tool may answer in JSON with metadata of its own: then the text is the answer.
    metadata = as_object(as_object(value).get("metadata"))
    return value if {"exit_code", "duration_seconds"} & metadata.keys() and "output" in value else None


def _of_document(value: dict[str, Any]) -> Result:
    metadata = as_object(value.get("metadata"))
    body = value.get("output") if "output" in value else value.get("content")
    result = _of_text(body if isinstance(body, str) else flat(body))
    seconds = as_number(metadata.get("duration_seconds"))
    if seconds is not None and seconds >= 0:
        result.duration_ms = seconds * 1000
    code = as_number(metadata.get("exit_code"))
    if code is not None:
        # With an exit code the text is the command's own and cannot speak for Codex, except to say that it was stopped.
        result.outcome = "timeout" if result.outcome == "timeout" and code != 0 else _by_exit(code)
    elif value.get("success") is False and result.outcome == "ok":
        result.outcome = "failed"
    return result


def _of_text(text: str) -> Result:
    start = text[:_LOOKED_AT]
    code, milliseconds, running = _header(start)
    lowered = start.lstrip().lower()
    outcome: Outcome = "ok"
    if lowered.startswith("command timed out"):
        outcome = "timeout"
    elif code is not None:
        outcome = "timeout" if code != 0 and "\ncommand timed out after" in lowered else _by_exit(code)
    elif running:
        outcome = "unknown"  # the command goes on: a later call will tell how it ended
    elif lowered.strip() == "aborted" or lowered.startswith(_SKIPPED):
        outcome = "skipped"
    elif lowered.startswith(_FAILED):
        outcome = "skipped" if "rejected by user" in lowered else "timeout" if "timed out" in lowered else "failed"
    return Result(text, outcome, milliseconds)


def _header(start: str) -> tuple[int | None, float | None, bool]:
    """Exit code, milliseconds and "still running" in the lines that Codex writes above an output."""
    code: int | None = None
    milliseconds: float | None = None
    running = False
    for line in start.split("\n"):
        found = _HEADER.fullmatch(line)
        if found is None:
            break
        told = found["exit"] or found["exited"]
        code = int(told) if told else code
        running = running or found["running"] is not None
        if found["seconds"] and found["seconds"].count(".") <= 1 and found["seconds"] != ".":
            milliseconds = float(found["seconds"]) * 1000
    return code, milliseconds, running


def _by_exit(code: float) -> Outcome:
    return "ok" if code == 0 else "timeout" if code == _TIMED_OUT else "failed"


def _milliseconds(duration: Any) -> float | None:
    if not isinstance(duration, dict):
        return None
    seconds, nanos = as_number(duration.get("secs")), as_number(duration.get("nanos"))
    if seconds is None or seconds < 0:
        return None
    return seconds * 1000 + (nanos or 0) / 1_000_000
