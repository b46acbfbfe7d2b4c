"""Sessions for tests: real folders read the way the harvester does, and small ones written entry by entry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from soma.adapters.openclaw import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import Readout, run, sniff

_START = 1_795_215_521_000


def read_folder(folder: Path) -> Readout:
    """Everything the adapter reads below a folder, each file by itself."""
    out = Readout()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        match = sniff(ADAPTER, path)
        if match is not None and match.use == "read":
            part = run(ADAPTER, path)
            out.executions += part.executions
            out.damage += part.damage
            out.sources += part.sources
    return out


def transcripts(out: Readout) -> list[ExecutionDraft]:
    return [draft for draft in out.executions if draft.labels.get("record") != "run-log"]


def outcomes(draft: ExecutionDraft) -> list[str]:
    return [f"{decision.tool}:{decision.outcome}" for decision in draft.decisions]


class Script:
    """Writes one session; every entry comes a second after the one before and follows it unless told otherwise."""

    def __init__(self, session_id: str | None = "s1", **header: Any) -> None:
        self.entries: list[dict[str, Any]] = []
        self._clock = _START
        self._last: str | None = None
        if session_id is not None:
            first = {"type": "session", "version": 3, "id": session_id, "timestamp": self._iso(), "cwd": "/w"}
            self.entries.append({**first, **header})

    def user(self, text: str, **message: Any) -> str:
        return self.message({"role": "user", "content": [{"type": "text", "text": text}], **message})

    def answer(self, *blocks: dict[str, Any] | str, parent: str | None = "", **message: Any) -> str:
        content = [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
        stop = "toolUse" if any(block["type"] == "toolCall" for block in content) else "stop"
        return self.message(
            {"role": "assistant", "content": content, "provider": "p", "model": "m", "stopReason": stop,
             "usage": {"input": 10, "output": 2, "cacheRead": 3, "cacheWrite": 0, "cost": {"total": 0.5}}, **message},
            parent=parent,
        )  # fmt: skip

    def result(self, call: str, text: str = "done", tool: str = "exec", parent: str | None = "", **message: Any) -> str:
        return self.message(
            {"role": "toolResult", "toolCallId": call, "toolName": tool, "content": [{"type": "text", "text": text}],
             "isError": False, **message},
            parent=parent,
        )  # fmt: skip

    def message(self, message: dict[str, Any], parent: str | None = "") -> str:
        self._clock += 1000
        return self.entry({"type": "message", "message": {"timestamp": self._clock - 400, **message}}, parent)

    def entry(self, entry: dict[str, Any], parent: str | None = "") -> str:
        """Append an entry; ``parent`` is an entry id, ``None`` for a new root, or empty for the entry before."""
        native = entry.get("id") or f"e{len(self.entries):03d}"
        self.entries.append(
            {"id": native, "parentId": self._last if parent == "" else parent, "timestamp": self._iso(), **entry}
        )
        self._last = native
        return native

    def write(self, path: Path) -> Path:
        return write_lines(path, self.entries)

    def _iso(self) -> str:
        from soma import clock

        return clock.to_iso(self._clock * 1000) or ""


def call(call_id: str, tool: str = "exec", **arguments: Any) -> dict[str, Any]:
    return {"type": "toolCall", "id": call_id, "name": tool, "arguments": arguments}


def thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text}


def write_lines(path: Path, entries: Iterable[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


def one(path: Path) -> ExecutionDraft:
    """The only execution of a file."""
    out = run(ADAPTER, path)
    assert out.damage == []
    (draft,) = out.executions
    return draft
