"""The same runs in every shape they are exported in give the same executions."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.langchain import ADAPTER
from tests.adapters.reading import sniff

from .rows import nested, placeless, read, rows_of, write, write_lines


@pytest.fixture
def rows(fixtures: Path) -> list[dict[str, Any]]:
    return rows_of(fixtures / "langchain" / "runs_flat.jsonl")


@pytest.fixture
def told(fixtures: Path) -> list[dict[str, Any]]:
    out = read(fixtures / "langchain" / "runs_flat.jsonl")
    assert out.damage == []
    assert len(out.executions) == 10
    assert sum(len(execution.decisions) for execution in out.executions) == 16
    return placeless(out.executions)


def batches(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every run begun in one batch and completed in the next."""
    late = ("end_time", "outputs", "error", "status")
    begun = [{key: value for key, value in row.items() if key not in late} for row in rows]
    completed = [
        {key: row[key] for key in ("id", "trace_id", "dotted_order", "parent_run_id", *late) if key in row}
        for row in rows
    ]
    return [{"post": begun, "patch": []}, {"post": [], "patch": completed}]


def parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        apart = {key: row[key] for key in ("inputs", "outputs", "extra", "error") if key in row}
        main = {key: value for key, value in row.items() if key not in apart}
        found.append({"part": f"post.{row['id']}", "value": main})
        found += [{"part": f"post.{row['id']}.{key}", "value": value} for key, value in apart.items()]
    return found


SHAPES: dict[str, Any] = {
    "array": lambda rows: rows,
    "runs": lambda rows: {"cursors": {"next": None}, "runs": rows},
    "nested list": nested,
    "nested without places": lambda rows: nested(rows, bare=True),
    "object of trees": lambda rows: {root["id"]: root for root in nested(rows)},
    "batch": lambda rows: {"post": rows, "patch": []},
    "post then patch": lambda rows: batches(rows),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_document_of_any_shape_tells_the_same(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]], shape: str
) -> None:
    path = write(tmp_path / "export.json", SHAPES[shape](rows))
    out = read(path)
    assert out.damage == []
    assert placeless(out.executions) == told
    assert sniff(ADAPTER, path) is not None


@pytest.mark.parametrize("lines", [nested, batches, parts], ids=["trees", "batches", "parts"])
def test_lines_of_any_shape_tell_the_same(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]], lines: Any
) -> None:
    path = write_lines(tmp_path / "export.jsonl", lines(rows))
    out = read(path)
    assert out.damage == []
    assert placeless(out.executions) == told
    assert sniff(ADAPTER, path) is not None


def test_an_indented_document_and_one_with_a_byte_order_mark_tell_the_same(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]]
) -> None:
    indented, marked = tmp_path / "indented.json", tmp_path / "marked.json"
    indented.write_text(json.dumps(rows, indent=2))
    marked.write_bytes(b"\xef\xbb\xbf" + json.dumps({"a": nested(rows)[0]}).encode())
    assert placeless(read(indented).executions) == told
    assert placeless(read(marked).executions) == [e for e in told if e["execution_id"] == f"lc:{rows[0]['trace_id']}"]


def test_one_tree_alone_in_a_file_is_one_execution(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    out = read(write(tmp_path / "one.json", nested(rows)[0]))
    assert [execution.execution_id for execution in out.executions] == [f"lc:{rows[0]['trace_id']}"]
    assert len(out.executions[0].decisions) == 3


def test_recorded_ingest_operations_tell_what_the_export_of_the_same_traces_tells(
    fixtures: Path, told: list[dict[str, Any]]
) -> None:
    path = fixtures / "langchain" / "ingest_ops.jsonl"
    operations = [json.loads(line) for line in path.read_text().splitlines()]
    assert sum(operation["part"].startswith("patch.") for operation in operations) == 10
    out = read(path)
    found = placeless(out.executions)
    ids = {execution["execution_id"] for execution in found}
    assert len(ids) == 3
    assert found == [execution for execution in told if execution["execution_id"] in ids]


def test_a_recorded_tracer_dump_keeps_the_known_ends(fixtures: Path) -> None:
    out = read(fixtures / "langchain" / "tracer_nested.json")
    assert out.damage == []
    assert {(e.task_id, e.agent_id, e.status): [d.outcome for d in e.decisions] for e in out.executions} == {
        ("task:refund-large", "careful", "completed"): ["ok", "ok", "ok"],
        ("task:refund-large", "hasty", "completed"): ["failed", "failed"],
        ("task:model-down", "careful", "failed"): ["ok"],
    }


def test_runs_in_any_order_tell_the_same(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]]
) -> None:
    shuffled = random.Random(7).sample(rows, len(rows))
    assert placeless(read(write_lines(tmp_path / "shuffled.jsonl", shuffled)).executions) == told


def test_a_trace_spread_over_files_is_one_execution_in_whatever_order_they_come(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]]
) -> None:
    paths = [write_lines(tmp_path / f"{number}.jsonl", rows[number::3]) for number in range(3)]
    forward, backward = read(*paths), read(*reversed(paths))
    assert placeless(forward.executions) == told
    assert forward.executions == backward.executions
    for path in paths:
        for execution in read(path).executions:
            assert execution.execution_id in execution.claims


def test_a_copy_adds_nothing_and_a_grown_copy_wins(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]]
) -> None:
    begun, completed = batches(rows)
    early = write_lines(tmp_path / "early.jsonl", begun["post"])
    assert {d.outcome for e in read(early).executions for d in e.decisions} == {"unknown"}
    assert {e.status for e in read(early).executions} == {"unknown"}
    whole = write_lines(tmp_path / "whole.jsonl", rows)
    copy = write_lines(tmp_path / "copy.jsonl", rows)
    out = read(whole, early, copy)
    assert placeless(out.executions) == told
    assert out.executions == read(copy, whole, early).executions
    assert all(completed["patch"])


def test_times_without_an_offset_are_utc(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[dict[str, Any]]
) -> None:
    for row in rows:
        row["start_time"] = row["start_time"].removesuffix("+00:00")
        row["end_time"] = row["end_time"].removesuffix("+00:00")
    assert placeless(read(write(tmp_path / "naive.json", rows)).executions) == told


def test_a_torn_last_line_waits_for_the_next_harvest(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = write_lines(tmp_path / "growing.jsonl", rows)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    out = read(path)
    assert out.damage == []
    assert out.sources[0].bytes_read == whole[:-1].rindex(b"\n") + 1


def test_a_torn_document_is_damage_and_not_an_empty_success(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "torn.json"
    path.write_text(json.dumps(rows)[:-100])
    out = read(path)
    assert out.executions == []
    assert [damage.reason[:8] for damage in out.damage] == ["no JSON:"]


@pytest.mark.parametrize(
    "value",
    [
        {"id": "a", "name": "x"},
        {"part": "post"},
        {"run_type": "tool"},
        [{"run_type": "own", "id": "x"}],
        {"post": [1]},
        {},
    ],
)
def test_what_only_resembles_a_run_is_not_claimed(tmp_path: Path, value: Any) -> None:
    assert sniff(ADAPTER, write(tmp_path / "other.json", value)) is None
