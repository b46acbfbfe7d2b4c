"""Broken and hostile transcripts: no exception, no invention, honest damage."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.openclaw import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, run, sniff

from .sessions import Script, call, outcomes, write_lines

QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    1e300,
    10**18,
    "",
    "x",
    "\ud800",
    [],
    [None],
    [[]],
    {},
    {"type": 1},
    {"text": []},
]
odd_values = st.sampled_from(ODD).map(copy.deepcopy)


def check(out: Readout) -> None:
    for draft in out.executions:
        assert draft.execution_id.startswith("oc:") and draft.execution_id in draft.claims
        assert draft.status in {"completed", "failed", "unknown"} and draft.success is None
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in draft.labels.items())
        assert draft.source_id
        for decision in draft.decisions:
            assert decision.outcome in OUTCOMES and decision.tool and decision.turn >= 0
            assert decision.duration_ms is None or decision.duration_ms >= 0
            for text in (decision.output, decision.error, decision.reasoning, decision.model, decision.native_id):
                assert text is None or isinstance(text, str)
            for count in (decision.tokens_in, decision.tokens_out, decision.started_at):
                assert count is None or isinstance(count, int)
    json.dumps([draft.execution_id for draft in out.executions])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, item in items for place in places(item, (*path, key))]


@pytest.fixture(scope="module")
def entries(fixtures: Path) -> list[dict[str, Any]]:
    folder = fixtures / "openclaw/run-2026.4.26"
    names = ["agents/main/sessions/s-spawn2.jsonl", "agents/auditor/sessions/a-inventory.jsonl",
             "cron/runs/fd0eed99-da97-4265-96a3-5e6040a43027.jsonl"]  # fmt: skip
    return [json.loads(line) for name in names for line in (folder / name).read_text().splitlines()]


@QUICK
@given(data=st.data())
def test_any_field_may_have_any_type(entries: list[dict[str, Any]], tmp_path: Path, data: st.DataObject) -> None:
    changed = json.loads(json.dumps(entries))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.sampled_from(places(changed)[1:]))
        target = changed
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = data.draw(odd_values)
    path = write_lines(tmp_path / "s.jsonl", changed)
    check(run(ADAPTER, path))
    sniff(ADAPTER, path)


@QUICK
@given(data=st.data())
def test_any_index_may_be_odd(tmp_path: Path, data: st.DataObject) -> None:
    jobs = {"version": 1, "jobs": [{"id": "j1", "name": "n", "schedule": {}, "payload": {"kind": "k"}}]}
    index = {"agent:x:main": {"sessionId": "p", "sessionStartedAt": 1, "status": "done"},
             "agent:x:subagent:1": {"sessionId": "s1", "sessionStartedAt": 2, "status": "done", "endedAt": 5,
                                    "spawnedBy": "agent:x:main", "spawnDepth": 1, "label": "l"}}  # fmt: skip
    for document in (jobs, index):
        place = data.draw(st.sampled_from(places(document)[1:]))
        target: Any = document
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = data.draw(odd_values)
    script = Script("s1")
    script.user("go")
    path = script.write(tmp_path / "s1.jsonl")
    line = {"jobId": "j1", "action": "finished", "runAtMs": 1_795_216_644_317, "status": "ok"}
    log = write_lines(tmp_path / "cron/runs/j1.jsonl", [line])
    for companion in (
        write_lines(path.with_name("sessions.json"), [index]),
        write_lines(tmp_path / "cron/jobs.json", [jobs]),
    ):
        sniff(ADAPTER, companion)
    check(run(ADAPTER, path))
    check(run(ADAPTER, log))


@QUICK
@given(data=st.data())
def test_any_byte_may_be_wrong(entries: list[dict[str, Any]], tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray("".join(json.dumps(entry) + "\n" for entry in entries).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    path = tmp_path / "s.jsonl"
    path.write_bytes(bytes(raw))
    check(run(ADAPTER, path))


@QUICK
@given(order=st.permutations(range(12)), parents=st.lists(st.integers(-2, 14), min_size=12, max_size=12))
def test_any_tree_keeps_every_call_once(tmp_path: Path, order: list[int], parents: list[int]) -> None:
    script = Script("s1")
    for number, parent in zip(order, parents, strict=True):
        script.answer(
            call(f"c{number}"), parent=None if parent == -1 else "nowhere" if parent == -2 else f"e{parent:03d}"
        )
    out = run(ADAPTER, script.write(tmp_path / "s1.jsonl"))
    check(out)
    assert len(out.by_id()) == len(out.executions)
    made = [decision.native_id or "" for draft in out.executions for decision in draft.decisions]
    assert sorted(made) == sorted(f"c{number}" for number in range(12))
    assert sum(draft.tokens_out or 0 for draft in out.executions) == 24


def test_a_torn_last_line_waits_for_the_next_harvest(tmp_path: Path) -> None:
    script = Script("s1")
    script.user("go")
    script.answer(call("c1"))
    script.result("c1")
    whole = script.write(tmp_path / "s1.jsonl").read_bytes()
    path = tmp_path / "torn.jsonl"
    path.write_bytes(whole[:-30])
    out = run(ADAPTER, path)
    assert outcomes(out.executions[0]) == ["exec:unknown"]
    assert out.damage == []
    assert out.sources[0].bytes_read == whole[:-1].rfind(b"\n") + 1


def test_ids_that_are_paths_do_not_travel(tmp_path: Path) -> None:
    script = Script("../../etc/passwd")
    script.user("go")
    (draft,) = run(ADAPTER, script.write(tmp_path / "s.jsonl")).executions
    assert ".." not in draft.execution_id and draft.execution_id.startswith("oc:")


def test_a_header_without_a_conversation_is_no_run(tmp_path: Path) -> None:
    script = Script("s1")
    script.entry({"type": "model_change", "provider": "p", "modelId": "m"})
    assert run(ADAPTER, script.write(tmp_path / "s1.jsonl")).executions == []


def test_nesting_beyond_measure(tmp_path: Path) -> None:
    script = Script("s1")
    script.answer(call("c1"))
    path = script.write(tmp_path / "s1.jsonl")
    deep = (
        '{"type":"message","message":{"role":"toolResult","toolCallId":"c1","details":'
        + '{"result":' * 400
        + "1"
        + "}" * 402
    )
    with path.open("a") as stream:
        stream.write(deep + "\n" + "[" * 200_000 + "\n")
    out = run(ADAPTER, path)
    check(out)
    assert len(out.damage) >= 1
