"""Writes small rollouts the way Codex writes them: enveloped lines, ids that hold their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soma import codec
from soma.clock import from_iso, to_iso

Line = dict[str, Any]
MORNING = from_iso("2026-03-01T10:00:00Z") or 0


def uuid7(second: int, tail: int = 1) -> str:
    """A UUIDv7 minted that many seconds after the morning."""
    stamp = f"{MORNING // 1000 + second * 1000:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7000-8000-{tail:012x}"


class Thread:
    """Lines of one thread, one second apart; every method appends one."""

    def __init__(self, second: int = 0, **meta: Any) -> None:
        self.second = second
        self.id = meta.pop("id", uuid7(second))
        self.lines: list[Line] = []
        self.line("session_meta", {"id": self.id, "timestamp": to_iso(MORNING + second * 1_000_000),
                                   "cwd": "/home/me/shop", "cli_version": "0.135.0", **meta})  # fmt: skip

    def line(self, kind: str, payload: Line) -> Line:
        line = {"timestamp": to_iso(MORNING + self.second * 1_000_000), "type": kind, "payload": payload}
        self.lines.append(line)
        self.second += 1
        return line

    def event(self, kind: str, **fields: Any) -> Line:
        return self.line("event_msg", {"type": kind, **fields})

    def item(self, kind: str, **fields: Any) -> Line:
        return self.line("response_item", {"type": kind, **fields})

    def turn(self, text: str = "do it", model: str = "gpt-5.5") -> None:
        turn_id = uuid7(self.second, 2)
        self.event("task_started", turn_id=turn_id, started_at=MORNING // 1_000_000 + self.second)
        self.line("turn_context", {"turn_id": turn_id, "cwd": "/home/me/shop", "model": model})
        self.event("user_message", message=text)

    def call(self, call_id: str, name: str = "shell", arguments: Any = None, **fields: Any) -> None:
        given = codec.encode(arguments if arguments is not None else {"command": ["bash", "-lc", "ls"]})
        self.item("function_call", name=name, arguments=given, call_id=call_id, **fields)

    def output(self, call_id: str, output: Any = "fine") -> None:
        self.item("function_call_output", call_id=call_id, output=output)

    def tokens(self, given: int, produced: int, cached: int = 0) -> None:
        self.event("token_count", info={"total_token_usage": {
            "input_tokens": given, "cached_input_tokens": cached, "output_tokens": produced,
            "total_tokens": given + produced}})  # fmt: skip

    def answer(self, text: str = "done") -> None:
        self.item("message", role="assistant", content=[{"type": "output_text", "text": text}])

    def done(self) -> None:
        self.event("task_complete")


def copied(lines: list[Line], second: int) -> list[Line]:
    """The lines as they stand in a fork: stamped with the time of the copy."""
    return [{**line, "timestamp": to_iso(MORNING + second * 1_000_000 + 40_000)} for line in lines]


def write(path: Path, lines: list[Any], end: str = "\n") -> Path:
    """The lines as a JSON Lines file."""
    path.write_text("\n".join(codec.encode(line) for line in lines) + end, encoding="utf-8")
    return path
