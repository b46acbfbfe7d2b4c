"""Files that were damaged, or made to do damage: no exception, and nothing but valid drafts."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.generic import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, sniff

from .conversations import anthropic, legacy, lines, openai, read, responses, written

STRANGE: st.SearchStrategy[Any] = st.sampled_from([
    None, True, False, 0, -1, 1 << 70, 1e308, "", "x", "\x00", "2026-13-99", [], {}, [[]], [None], {"type": "text"},
    {"role": 3}, {"id": {}}, ["a", {"b": []}], "{\"a\":", -0.0,
])  # fmt: skip


def check(out: Readout) -> None:
    for run in out.executions:
        assert run.execution_id.split(":")[0] in {"chat", "tau", "ic"} and run.execution_id in run.claims
        assert run.status in {"completed", "failed", "unknown"} and run.success in {True, False, None}
        assert (run.success is None) == (run.success_from is None)
        assert run.source_id and run.length >= 0
        for decision in run.decisions:
            assert decision.outcome in OUTCOMES and isinstance(decision.tool, str) and decision.tool
            assert decision.duration_ms is None or decision.duration_ms >= 0
            assert decision.source_id == run.source_id and decision.length > 0
            assert decision.output is None or isinstance(decision.output, str)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a value that can be overwritten, as container and key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        pairs = (
            list(item.items()) if isinstance(item, dict) else list(enumerate(item)) if isinstance(item, list) else []
        )
        found += [(item, key) for key, _ in pairs]
        waiting += [inner for _, inner in pairs]
    return found


@pytest.fixture(scope="module")
def seeds(fixtures: Path) -> list[Any]:
    tau = json.loads((fixtures / "generic" / "tau-bench" / "retail_10_runs.json").read_text())
    (path,) = (fixtures / "generic" / "intercode" / "gpt-4").glob("*fs_4.json")
    attempts = json.loads(path.read_text())
    facts = {
        "session_id": "s",
        "usage": {"prompt_tokens": 3},
        "metadata": {"reward": 1, "task_id": 2},
        "created_at": 1767225600,
    }
    return [
        [{**tau[0], "traj": tau[0]["traj"][:12]}], {key: attempts[key] for key in list(attempts)[:2]},
        {**facts, "messages": openai()}, {**facts, "messages": anthropic()}, {"input": responses()}, legacy(),
    ]  # fmt: skip


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_values_of_any_type_anywhere(seeds: list[Any], tmp_path: Path, data: st.DataObject) -> None:
    value = copy.deepcopy(data.draw(st.sampled_from(seeds), label="seed"))
    for _ in range(data.draw(st.integers(1, 6))):
        places = spots(value)
        if not places:
            break
        holder, key = places[data.draw(st.integers(0, len(places) - 1))]
        holder[key] = copy.deepcopy(data.draw(STRANGE))
    as_lines = isinstance(value, list) and data.draw(st.booleans())
    path = lines(tmp_path / "a.jsonl", value) if as_lines else written(tmp_path / "a.json", value)
    sniff(ADAPTER, path)
    check(read(path))


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_of_any_kind_anywhere(seeds: list[Any], tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(data.draw(st.sampled_from(seeds))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    path = tmp_path / "a.json"
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]) if data.draw(st.booleans()) else bytes(raw))
    sniff(ADAPTER, path)
    check(read(path))


def test_nesting_beyond_reason(tmp_path: Path) -> None:
    deep = "[" * 50_000 + "]" * 50_000
    for text in (
        deep,
        '{"messages": ' + deep + "}",
        '[{"role": "assistant", "content": ' + "[" * 900 + "]" * 900 + "}]",
    ):
        path = written(tmp_path / "a.json", text)
        sniff(ADAPTER, path)
        check(read(path))


def test_encodings_are_survived(tmp_path: Path) -> None:
    text = (
        json.dumps({"messages": openai()})
        .replace("I look first.", "\\ud800 NaN")
        .replace('"content": null', '"content": NaN')
    )
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (run,) = read(path).executions
    assert [decision.outcome for decision in run.decisions] == ["failed", "ok", "unknown"]
    assert run.decisions[0].reasoning == "\ufffd NaN"


def test_what_holds_no_conversation_is_reported(tmp_path: Path) -> None:
    out = read(written(tmp_path / "a.json", {"messages": "none"}))
    assert out.executions == [] and [damage.reason for damage in out.damage] == ["holds no conversation"]
    out = read(lines(tmp_path / "b.jsonl", [{"header": 1}, *legacy(), {"footer": 1}]))
    assert len(out.executions) == 1
    assert [damage.reason for damage in out.damage] == [
        "neither a message nor a conversation (2 such lines in this source)"
    ]


def test_many_calls_that_are_never_answered(tmp_path: Path) -> None:
    asked = [
        {"role": "assistant", "tool_calls": [{"id": str(n), "function": {"name": "t", "arguments": "{}"}}]}
        for n in range(3000)
    ]
    answers = [{"role": "tool", "tool_call_id": f"x{n}", "content": ""} for n in range(3000)]
    out = read(lines(tmp_path / "a.jsonl", [*asked, *answers]))
    assert [len(run.decisions) for run in out.executions] == [3000]
    assert "3,000 tool results without a call" in out.damage[0].reason
