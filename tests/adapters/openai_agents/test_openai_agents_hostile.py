"""Nothing a file holds makes the adapter raise, and what it yields stays valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.openai_agents import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, sniff

from .building import TRACE, read, span, write

WRONG: list[Any] = [None, True, 0, -1.5, 10**400, "", "text", "7", [], [[]], ["a", 1], {}, {"": {}}, {"a": [None]}]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_valid(out: Readout) -> None:
    out.by_id()
    for execution in out.executions:
        assert execution.status in ("completed", "failed", "unknown")
        assert execution.execution_id in execution.claims
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert isinstance(decision.tool, str)
            assert decision.native_id
            assert decision.length > 0
            for text in (decision.output, decision.error, decision.reasoning):
                assert text is None or isinstance(text, str)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in entries for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@SETTINGS
@given(data=st.data())
def test_values_of_wrong_types_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    lines = (fixtures / "openai-agents" / "agents_sdk_export.jsonl").read_text().splitlines()
    value: Any = json.loads(lines[data.draw(st.integers(0, 4))])
    for _ in range(data.draw(st.integers(1, 6))):
        value = replaced(value, data.draw(st.sampled_from(places(value))), data.draw(st.sampled_from(WRONG)))
    path = tmp_path / "changed.jsonl"
    path.write_text(json.dumps(value) + "\n" + lines[0] + "\n")
    sniff(ADAPTER, path)
    assert_valid(read(path))


@SETTINGS
@given(data=st.data())
def test_bytes_changed_or_cut_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    content = bytearray((fixtures / "openai-agents" / "agents_sdk_export.jsonl").read_bytes())
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.jsonl"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    sniff(ADAPTER, path)
    out = read(path)
    assert_valid(out)
    assert out.sources[0].bytes_read <= path.stat().st_size


def test_a_torn_last_line_is_left_for_the_next_time(fixtures: Path, tmp_path: Path) -> None:
    content = (fixtures / "openai-agents" / "agents_sdk_export.jsonl").read_bytes()
    path = tmp_path / "torn.jsonl"
    path.write_bytes(content[:-100])
    out = read(path)
    assert (len(out.executions), out.damage) == (4, [])
    assert out.sources[0].bytes_read == content[:-1].rindex(b"\n") + 1


def test_items_without_ids_are_counted_as_damage(tmp_path: Path) -> None:
    broken = [{"object": "trace.span", "id": "x"}, {"object": "trace"}, {"object": "batch"}]
    out = read(write(tmp_path / "t.jsonl", [TRACE, *broken]))
    assert [run.execution_id for run in out.executions] == ["oa:trace_1"]
    assert [damage.reason[:2] for damage in out.damage] == ["3 "]


def test_spans_in_a_ring_and_in_great_depth_are_all_kept(tmp_path: Path) -> None:
    ring = [
        span("a", "b", "function", name="x"),
        span("b", "a", "function", name="y"),
        span("c", "c", "agent", name="z"),
    ]
    out = read(write(tmp_path / "ring.jsonl", ring))
    assert_valid(out)
    assert sorted(d.native_id or "" for run in out.executions for d in run.decisions) == ["a", "b"]
    deep = [span(f"s{n}", f"s{n - 1}" if n else None, "function", name="x") for n in range(4000)]
    (run,) = read(write(tmp_path / "deep.jsonl", deep)).executions
    assert len(run.decisions) == 4000


def test_ids_that_could_be_paths_do_not_travel_on(tmp_path: Path) -> None:
    (run,) = read(write(tmp_path / "t.jsonl", [{**TRACE, "id": "../../etc/passwd"}])).executions
    assert not {"/", "."} & set(run.execution_id)
