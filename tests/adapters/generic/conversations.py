"""Small conversations in several dialects, and how to read them from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from soma.adapters.generic import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import Readout, run

CALL_ID = "call_OEikVFXK8h7goki7yiodLeIo"
OTHER_ID = "call_a6nKlpOPspQva3bRJ8rjtMs4"


def openai(first: str = CALL_ID, second: str = OTHER_ID) -> list[dict[str, Any]]:
    return [
        {"role": "system", "content": "You mend things."},
        {"role": "user", "content": "Mend the build."},
        {"role": "assistant", "content": "I look first.", "tool_calls": [
            {"id": first, "type": "function", "function": {"name": "shell", "arguments": '{"command": "make"}'}},
            {"id": second, "type": "function", "function": {"name": "read", "arguments": '{"path": "Makefile"}'}}]},
        {"role": "tool", "tool_call_id": first, "content": "Error: no rule to make target"},
        {"role": "tool", "tool_call_id": second, "content": "all: build"},
        {"role": "assistant", "content": "The target is missing."},
        {"role": "user", "content": "Then add it."},
        {"role": "assistant", "content": None, "tool_calls": [{"id": f"{first}b", "type": "function", "function": {
            "name": "write", "arguments": '{"path": "Makefile"}'}}]},
    ]  # fmt: skip


def anthropic() -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": [{"type": "text", "text": "Mend the build."}]},
        {"role": "assistant", "usage": {
            "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90}, "content": [
            {"type": "thinking", "thinking": "The log will tell.", "signature": "x"},
            {"type": "text", "text": "I look first."},
            {"type": "tool_use", "id": "toolu_01", "name": "shell", "input": {"command": "make"}},
            {"type": "tool_use", "id": "toolu_02", "name": "read", "input": {"path": "Makefile"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_01", "is_error": True, "content": [
                {"type": "text", "text": "boom"}]},
            {"type": "tool_result", "tool_use_id": "toolu_02", "content": [{"type": "image", "source": {}}]}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Done."}]},
    ]  # fmt: skip


def responses() -> list[dict[str, Any]]:
    return [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Mend the build."}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "The log will tell."}]},
        {"type": "function_call", "call_id": "fc_1", "name": "shell", "arguments": '{"command": "make"}'},
        {"type": "function_call", "call_id": "fc_2", "name": "read", "arguments": '{"path": "Makefile"}'},
        {"type": "function_call_output", "call_id": "fc_1", "output": "Traceback (most recent call last):\n  boom"},
        {"type": "function_call_output", "call_id": "fc_2", "output": "all: build"},
        {"type": "mcp_call", "id": "m1", "name": "lookup", "arguments": "{}", "output": None, "error": "server gone"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done."}]},
    ]


def legacy() -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": "Mend the build."},
        {"role": "assistant", "content": None, "function_call": {"name": "shell", "arguments": '{"command": "make"}'}},
        {"role": "function", "name": "shell", "content": '{"error": "no rule"}'},
        {"role": "assistant", "content": "It cannot be mended."},
    ]


def written(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1), encoding="utf-8")
    return path


def lines(path: Path, values: list[Any]) -> Path:
    return written(path, "".join(json.dumps(value) + "\n" for value in values))


def read(*paths: Path) -> Readout:
    return run(ADAPTER, *paths)


def the_one(path: Path) -> ExecutionDraft:
    """The one execution of a file, which must have no damage."""
    out = read(path)
    assert out.damage == []
    (execution,) = out.executions
    return execution
