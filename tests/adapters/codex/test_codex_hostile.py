"""Files that are torn, foreign, empty of decisions, or meant to break a reader."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma import codec
from soma.adapters.codex import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, run, sniff

from .thread import Thread, write


def valid(out: Readout) -> None:
    out.by_id()
    for execution in out.executions:
        assert execution.execution_id.startswith("cx:")
        assert execution.execution_id in execution.claims
        assert execution.status in ("completed", "failed", "unknown") and execution.success is None
        assert isinstance(execution.agent_id, str)
        assert all(isinstance(value, str) for value in execution.labels.values())
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert isinstance(decision.tool, str) and decision.tool
            assert decision.length > 0
            assert decision.duration_ms is None or decision.duration_ms >= 0
            assert decision.output is None or isinstance(decision.output, str)
            assert decision.reasoning is None or isinstance(decision.reasoning, str)
        natives = [decision.native_id for decision in execution.decisions if decision.native_id is not None]
        assert len(natives) == len(set(natives))


def test_a_torn_last_line_waits(tmp_path: Path) -> None:
    thread = Thread()
    thread.turn()
    thread.call("call_1")
    whole = write(tmp_path / "whole.jsonl", thread.lines).stat().st_size
    path = tmp_path / "torn.jsonl"
    path.write_bytes((tmp_path / "whole.jsonl").read_bytes() + b'{"timestamp":"2026-03-01T10:00:09Z","type":"resp')
    out = run(ADAPTER, path)
    assert (out.sources[0].bytes_read, out.damage) == (whole, [])
    assert [decision.outcome for decision in out.executions[0].decisions] == ["unknown"]


def test_an_answer_without_its_call_and_a_file_without_its_head(tmp_path: Path) -> None:
    thread = Thread()
    thread.output("call_gone", "failed in sandbox: x")
    thread.call("call_gone")
    path = write(tmp_path / "r.jsonl", thread.lines[1:])
    (execution,) = run(ADAPTER, path).executions
    (decision,) = execution.decisions
    assert (decision.tool, decision.outcome, decision.started_at) == ("unknown", "failed", None)
    assert execution.execution_id.startswith("cx:part-")
    assert run(ADAPTER, write(tmp_path / "copy.jsonl", thread.lines[1:])).by_id().keys() == {execution.execution_id}


def test_ids_that_a_model_server_counts_are_no_copies(tmp_path: Path) -> None:
    thread = Thread()
    for number in range(3):
        thread.call("call_0", arguments={"command": ["ls", str(number)]})
        thread.output("call_0")
    thread.call("call_0", arguments={"command": ["ls", "0"]})
    decisions = run(ADAPTER, write(tmp_path / "r.jsonl", thread.lines)).executions[0].decisions
    assert [decision.native_id for decision in decisions] == ["call_0", None, None]
    assert {decision.global_id for decision in decisions} == {None}


def test_nothing_happened(tmp_path: Path) -> None:
    assert run(ADAPTER, write(tmp_path / "r.jsonl", Thread().lines)).executions == []
    out = run(ADAPTER, write(tmp_path / "s.jsonl", [{"type": "response_item", "payload": 5}, {"type": "item.started"}]))
    assert [item.reason for item in out.damage] == [
        "a line of type response_item without a payload",
        "an event item.started without an item",
    ]


def test_hostile_ids_stay_ids(tmp_path: Path) -> None:
    thread = Thread(id="../../etc/passwd")
    thread.turn()
    thread.call("'; drop table decisions --")
    (execution,) = run(ADAPTER, write(tmp_path / "s.jsonl", thread.lines)).executions
    assert ".." not in "".join([execution.execution_id, *execution.claims])


@pytest.mark.parametrize(
    ("line", "confidence"),
    [
        ({"timestamp": "x", "type": "event_msg", "payload": {"type": "user_message"}}, 1.0),
        ({"type": "thread.started", "thread_id": "t"}, 1.0),
        ({"type": "item.completed", "item": {"id": "item_0", "type": "reasoning"}}, 0.9),
        ({"record_type": "state"}, 0.9),
        ({"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"}, 0.5),
        ({"type": "event_msg", "payload": "text"}, None),
        ({"type": "error", "message": "no"}, None),
        ({"type": "message", "role": "user", "content": "hi"}, None),
        ({"type": "turn", "id": 1}, None),
    ],
)
def test_what_is_claimed(tmp_path: Path, line: dict[str, Any], confidence: float | None) -> None:
    match = sniff(ADAPTER, write(tmp_path / "rollout-x.jsonl", [line, line]))
    assert (match.confidence if match else None) == confidence


SMALL = ["stream-output-2.jsonl", "stream-output-3.jsonl", "answer-only.jsonl", "two-turns.jsonl"]
FEW = st.text(max_size=3)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["message", "reasoning", "session_meta", "function_call_output", "turn.failed", "{"]),
    st.text(max_size=8),
    st.lists(st.one_of(st.none(), FEW, st.dictionaries(FEW, st.none(), max_size=1)), max_size=2),
    st.dictionaries(st.sampled_from(["type", "text", "content", "id"]), st.one_of(st.none(), FEW), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in ((*path, key), *places(item, (*path, key)))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(SMALL))
def test_any_type_anywhere_gives_valid_drafts(data: st.DataObject, name: str, fixtures: Path, tmp_path: Path) -> None:
    lines = [codec.decode(line) for line in (fixtures / "codex" / name).read_bytes().splitlines()[:40]]
    for place in data.draw(st.lists(st.sampled_from(places(lines)), min_size=1, max_size=6)):
        holder: Any = lines
        try:
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    path = write(tmp_path / "mutated.jsonl", lines)
    sniff(ADAPTER, path)
    out = run(ADAPTER, path, write(tmp_path / "again.jsonl", lines[::-1]))
    valid(run(ADAPTER, path))
    assert len(out.damage) >= 2 * sum(not isinstance(line, dict) for line in lines)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), name=st.sampled_from(SMALL))
def test_any_byte_anywhere_gives_valid_drafts(seed: int, name: str, fixtures: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray((fixtures / "codex" / name).read_bytes())
    for _ in range(chance.randrange(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path = tmp_path / "mutated.jsonl"
    path.write_bytes(bytes(data[: chance.randrange(1, len(data) + 1)]))
    sniff(ADAPTER, path)
    out = run(ADAPTER, path)
    valid(out)
    assert 0 <= out.sources[0].bytes_read <= path.stat().st_size
