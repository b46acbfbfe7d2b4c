"""Nothing a file holds makes the adapter raise, and what it yields stays valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.langchain import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, sniff

from .rows import read, root, row, write, write_lines

WRONG: list[Any] = [None, True, 0, -1.5, "", "text", "7", [], [[]], ["a", 1], {}, {"": {}}, {"a": [None]}]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_valid(out: Readout) -> None:
    out.by_id()
    for execution in out.executions:
        assert execution.status in ("completed", "failed", "unknown")
        assert execution.execution_id in execution.claims
        assert execution.source_id
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert isinstance(decision.tool, str)
            assert decision.native_id
            assert decision.length > 0
            for text in (decision.output, decision.error, decision.reasoning):
                assert text is None or isinstance(text, str)


@pytest.fixture(scope="module")
def pieces(fixtures: Path) -> list[dict[str, Any]]:
    lines = (fixtures / "langchain" / "runs_flat.jsonl").read_text().splitlines()[:9]
    parts = (fixtures / "langchain" / "ingest_ops.jsonl").read_text().splitlines()[:12]
    return [json.loads(line) for line in (*lines, *parts)]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@SETTINGS
@given(data=st.data())
def test_values_of_wrong_types_anywhere(data: st.DataObject, pieces: list[dict[str, Any]], tmp_path: Path) -> None:
    rows: list[Any] = list(pieces)
    for _ in range(data.draw(st.integers(1, 6))):
        number = data.draw(st.integers(0, len(rows) - 1))
        rows[number] = replaced(
            rows[number], data.draw(st.sampled_from(places(rows[number]))), data.draw(st.sampled_from(WRONG))
        )
    for path in (write_lines(tmp_path / "rows.jsonl", rows), write(tmp_path / "rows.json", rows)):
        sniff(ADAPTER, path)
        assert_valid(read(path))


@SETTINGS
@given(data=st.data())
def test_bytes_changed_or_cut_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    content = bytearray((fixtures / "langchain" / "ingest_ops.jsonl").read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.jsonl"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    sniff(ADAPTER, path)
    out = read(path)
    assert_valid(out)
    assert out.sources[0].bytes_read <= path.stat().st_size


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_every_field_of_a_tool_run_may_be_of_any_type(tmp_path: Path, wrong: Any) -> None:
    whole = row(
        "refund",
        inputs={"a": 1},
        outputs={"output": "x"},
        extra={"metadata": {"agent": "a"}},
        error=None,
        events=[],
        feedback_stats={},
        dotted_order="x",
        status="success",
        tags=[],
        total_cost=1,
        prompt_tokens=1,
    )
    for field in whole:
        out = read(write(tmp_path / "rows.json", [root(), whole | {field: wrong}]))
        assert_valid(out)
        assert "lc:root" in out.by_id()


def test_runs_that_name_each_other_as_parents_are_all_kept(tmp_path: Path) -> None:
    rows = [row("a", parent="b"), row("b", parent="a"), row("c", parent="c")]
    for drop in ((), ("trace_id",)):
        cut = [{key: value for key, value in entry.items() if key not in drop} for entry in rows]
        forward, backward = read(write(tmp_path / "f.json", cut)), read(write_lines(tmp_path / "b.jsonl", cut[::-1]))
        assert_valid(forward)
        ids = [sorted(d.native_id or "" for d in e.decisions) for e in forward.executions]
        assert sorted(name for several in ids for name in several) == ["a", "b", "c"]
        assert [e.execution_id for e in forward.executions] == [e.execution_id for e in backward.executions]


def test_a_tree_of_great_depth_is_walked_without_recursion(tmp_path: Path) -> None:
    chain = [root(), *(row(f"r{n}", parent=f"r{n - 1}" if n else "root") for n in range(5000))]
    for entry in chain[1:]:
        del entry["trace_id"]
    (execution,) = read(write_lines(tmp_path / "deep.jsonl", chain)).executions
    assert len(execution.decisions) == 5000


def test_values_of_great_depth_are_damage_or_dropped(tmp_path: Path) -> None:
    for depth in (300, 5000):
        path = tmp_path / f"{depth}.jsonl"
        deep = json.dumps(row("deep", outputs="@")).replace('"@"', "[" * depth + "]" * depth)
        path.write_text(json.dumps(root()) + "\n" + deep + "\n")
        out = read(path)
        assert_valid(out)
        assert "lc:root" in out.by_id()


def test_ids_that_could_be_paths_or_markup_do_not_travel_on(tmp_path: Path) -> None:
    rows = [row("x", "chain", None, trace_id="../../etc/passwd"), row("y", "chain", None, trace_id="<script>")]
    for execution in read(write(tmp_path / "rows.json", rows)).executions:
        assert execution.execution_id.startswith("lc:")
        assert not {"/", "<", "."} & set(execution.execution_id)
