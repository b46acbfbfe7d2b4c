"""Writes small sessions the way Claude Code writes them: a tree of lines, one session id, one second a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soma import codec

Line = dict[str, Any]


def uuid(number: int) -> str:
    """A uuid that is easy to read in a failed test."""
    return f"{number:08x}-0000-4000-8000-000000000000"


class Talk:
    """Lines of one session; every method appends one and returns it. The parent is the line before, unless given."""

    def __init__(self, session: str = "s-1", first: int = 1, second: int = 0) -> None:
        self.session = session
        self.lines: list[Line] = []
        self._number = first
        self._second = second

    def line(self, kind: str, parent: str | None = "", **fields: Any) -> Line:
        if parent == "":
            parent = self.lines[-1]["uuid"] if self.lines else None
        line: Line = {
            "parentUuid": parent, "isSidechain": False, "userType": "external", "cwd": "/home/me/shop",
            "sessionId": self.session, "version": "2.0.30", "type": kind, "uuid": uuid(self._number),
            "timestamp": f"2026-03-01T10:{self._second // 60:02d}:{self._second % 60:02d}.000Z", **fields,
        }  # fmt: skip
        self._number += 1
        self._second += 1
        self.lines.append(line)
        return line

    def prompt(self, text: str = "do it", **fields: Any) -> Line:
        return self.line("user", message={"role": "user", "content": text}, **fields)

    def answer(
        self, text: str = "done", message: str | None = None, stop: str | None = "end_turn", **fields: Any
    ) -> Line:
        return self._assistant([{"type": "text", "text": text}], message, stop, **fields)

    def call(
        self, call_id: str, tool: str = "Bash", arguments: Any = None, message: str | None = None,
        stop: str | None = None, **fields: Any,
    ) -> Line:  # fmt: skip
        block = {"type": "tool_use", "id": call_id, "name": tool, "input": arguments or {"command": "ls"}}
        return self._assistant([block], message, stop, **fields)

    def result(
        self, call_id: str, text: Any = "fine", error: bool | None = None, structured: Any = None, **fields: Any
    ) -> Line:
        block = {"type": "tool_result", "tool_use_id": call_id, "content": text}
        if error is not None:
            block["is_error"] = error
        if structured is not None:
            fields["toolUseResult"] = structured
        return self.line("user", message={"role": "user", "content": [block]}, **fields)

    def _assistant(self, content: list[Line], message: str | None, stop: str | None, **fields: Any) -> Line:
        name = message or f"msg_{self._number}"
        usage = fields.pop("usage", {"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 100,
                                     "cache_creation_input_tokens": 20})  # fmt: skip
        return self.line(
            "assistant", requestId=f"req_{name}", **fields,
            message={"id": name, "role": "assistant", "model": "claude-sonnet-4-5", "content": content,
                     "stop_reason": stop, "usage": usage},
        )  # fmt: skip


def write(path: Path, lines: list[Any], end: str = "\n") -> Path:
    """The lines as a JSON Lines file."""
    path.write_text("\n".join(codec.encode(line) for line in lines) + end, encoding="utf-8")
    return path


def copied(lines: list[Line], session: str) -> list[Line]:
    """The lines as an older version copied them into the file of a resumed session: same uuids, new session id."""
    return [{**line, "sessionId": session} for line in lines]
