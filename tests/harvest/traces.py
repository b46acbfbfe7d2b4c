"""Small sessions in the formats of real ones, to be appended to, copied, cut and torn."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def session(session_id: str, calls: int, *, agent: str = "worker", start: int = 0) -> list[str]:
    """Lines of a Claude Code session with so many answered calls."""
    lines: list[dict[str, Any]] = [_user(session_id, f"{session_id}-u", None, "tidy the inbox", start, agent)]
    before = f"{session_id}-u"
    for number in range(calls):
        call, answer = f"{session_id}-a{number}", f"{session_id}-r{number}"
        tool_id = f"toolu_{session_id}_{number}"
        lines.append(_assistant(session_id, call, before, tool_id, number, start, agent))
        lines.append(_result(session_id, answer, call, tool_id, number, start, agent))
        before = answer
    return [json.dumps(line) + "\n" for line in lines]


def _base(session_id: str, uuid: str, parent: str | None, second: int, agent: str) -> dict[str, Any]:
    return {
        "sessionId": session_id, "uuid": uuid, "parentUuid": parent, "isSidechain": False, "userType": "external",
        "cwd": f"/srv/{agent}", "version": "2.0.1",
        "timestamp": f"2026-03-02T10:{second // 60:02}:{second % 60:02}.000Z",
    }  # fmt: skip


def _user(session_id: str, uuid: str, parent: str | None, text: str, second: int, agent: str) -> dict[str, Any]:
    return {
        **_base(session_id, uuid, parent, second, agent), "type": "user", "message": {"role": "user", "content": text},
    }  # fmt: skip


def _assistant(
    session_id: str, uuid: str, parent: str, tool_id: str, number: int, start: int, agent: str
) -> dict[str, Any]:
    block = {"type": "tool_use", "id": tool_id, "name": "Bash", "input": {"command": f"himalaya read {number}"}}
    message = {
        "id": f"msg_{tool_id}", "role": "assistant", "type": "message", "model": "claude-sonnet-4-5",
        "content": [block], "usage": {"input_tokens": 10, "output_tokens": 5},
    }  # fmt: skip
    second = start + 2 * number + 1
    return {**_base(session_id, uuid, parent, second, agent), "type": "assistant", "message": message}


def _result(
    session_id: str, uuid: str, parent: str, tool_id: str, number: int, start: int, agent: str
) -> dict[str, Any]:
    failed = number % 3 == 2
    block = {
        "type": "tool_result", "tool_use_id": tool_id, "content": "no such mail" if failed else f"mail {number}",
        "is_error": failed,
    }  # fmt: skip
    second = start + 2 * number + 2
    return {
        **_base(session_id, uuid, parent, second, agent), "type": "user",
        "message": {"role": "user", "content": [block]},
    }  # fmt: skip


def write(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    return path


def append(path: Path, lines: list[str]) -> None:
    with path.open("a") as stream:
        stream.write("".join(lines))


def touch(path: Path, seconds: int = 100) -> None:
    """Give the file another modification time, its bytes as they are."""
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + seconds * 10**9))


def spans(trace_id: str, *, first: int, count: int, root: bool) -> dict[str, Any]:
    """An OTLP JSON export that holds some of a trace's spans."""
    made = []
    if root:
        made.append(
            _span(
                trace_id,
                "00000000000000aa",
                "",
                "invoke_agent mailer",
                {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "mailer"},
                0,
                90,
            )
        )
    for number in range(first, first + count):
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": f"tool_{number}",
            "gen_ai.tool.call.id": f"call_{number}",
        }
        made.append(
            _span(
                trace_id,
                f"{number + 1:016x}",
                "00000000000000aa",
                f"execute_tool tool_{number}",
                attributes,
                number + 1,
                number + 2,
            )
        )
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "mailer"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "gen_ai"}, "spans": made}]}]}


def _span(
    trace_id: str, span_id: str, parent: str, name: str, attributes: dict[str, str], start: int, end: int
) -> dict[str, Any]:
    base = 1_772_445_600_000_000_000
    return {
        "traceId": trace_id, "spanId": span_id, "parentSpanId": parent, "name": name, "kind": 1,
        "startTimeUnixNano": str(base + start * 10**9), "endTimeUnixNano": str(base + end * 10**9),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        "status": {"code": 1},
    }  # fmt: skip
