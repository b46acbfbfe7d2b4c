from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.action import enrich
from soma.action.shell import program
from soma.action.tools import TOOLS
from soma.model import Role

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["command", "path", "url", "action", "name", "args", "to", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
PIECES = (
    "cd && || ; | & ( ) { } (( )) [[ ]] $( ${ ` ' \" \\ <<EOF EOF > 2>&1 < # FOO=1 sudo env bash -c -lc python -m "
    "timeout 3 x.sh npx uv run é"
)
SHELLISH = st.lists(st.sampled_from([*PIECES.split(), "\n", "\x00", "\ud800"]), max_size=40).map(" ".join)


def held(action: str, role: str) -> bool:
    plain = action.isprintable() and " " not in action and "[" not in action
    return 0 < len(action) <= 80 and plain and role in get_args(Role)


@given(st.sampled_from(sorted(TOOLS)) | st.text(max_size=60), ANYTHING | SHELLISH)
@settings(deadline=None, max_examples=600)
def test_whatever_a_trace_holds_gives_a_printable_action(tool: str, arguments: Any) -> None:
    assert held(*enrich(tool, arguments))


@pytest.mark.parametrize("tool", [None, 3, b"exec", ["exec"], {"name": "exec"}, "", " ", "\x00", "a" * 100_000])
def test_a_tool_of_the_wrong_type_still_has_an_action(tool: Any) -> None:
    assert held(*enrich(tool, {"command": "ls"}))


@given(SHELLISH)
@settings(deadline=None, max_examples=600)
def test_any_command_gives_a_name(command: str) -> None:
    assert "\n" not in program(command)


@pytest.mark.parametrize(
    "hostile",
    ["(" * 100_000, "$(" * 100_000, "`" * 99_999, "'" * 99_999, '"\\' * 50_000, "a=" * 50_000, "<<E\n" * 30_000,
     "sudo " * 50_000, "bash -c '" * 20_000, "a" * 1_000_000, "\\\n" * 100_000, "tmp" + "_" * 100_000, "/" * 100_000],
)  # fmt: skip
def test_hostile_text_costs_no_time(hostile: str) -> None:
    began = process_time()
    for tool, key in (("exec", "command"), ("read", "path"), ("fetch_url", "url"), (hostile, "x")):
        enrich(tool, {key: hostile})
        enrich(tool, hostile)
    assert process_time() - began < 0.5


def test_a_deep_or_huge_json_argument_is_survived() -> None:
    assert enrich("exec", '{"a":' * 50_000).action == "exec"
    assert enrich("write", json.dumps({"path": "a/b.md", "content": "x" * 100_000})).action == "write:a"
    assert enrich("write", '{"path": "\ud800/b.md"').role == "write"


def _calls(corpus: Path) -> list[tuple[str, Any]]:
    """Tool calls of the three frameworks with a shell, straight from their message lines."""
    found: list[tuple[str, Any]] = []
    for path in sorted(
        path for name in ("openclaw", "claude-code", "codex") for path in (corpus / name).rglob("*.jsonl")
    ):
        for line in path.read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if not isinstance(record, dict):
                continue
            message = record.get("message")
            content = message.get("content") if isinstance(message, dict) else None
            blocks = [*(content if isinstance(content, list) else []), record.get("payload")]
            found += [
                (block["name"], block.get("arguments", block.get("input")))
                for block in blocks
                if isinstance(block, dict)
                and block.get("type") in ("toolCall", "tool_use", "function_call")
                and isinstance(block.get("name"), str)
            ]
    return found


@pytest.mark.corpus
def test_real_calls_fall_into_few_actions(corpus: Path) -> None:
    calls = _calls(corpus)
    actions = Counter(enrich(tool, arguments) for tool, arguments in calls)
    assert len(calls) > 1_500
    assert len(actions) < len(calls) / 8
    assert all(held(*enriched) for enriched in actions)
    shells = [(tool, arguments) for tool, arguments in calls if tool in ("exec", "bash", "Bash", "shell")]
    named = sum(enrich(tool, arguments).action.startswith("exec:") for tool, arguments in shells)
    assert named > 0.99 * len(shells)
    assert enrich("exec", {"command": "ls -1 data && wc -l data/*.csv"}).action in {e.action for e in actions}
