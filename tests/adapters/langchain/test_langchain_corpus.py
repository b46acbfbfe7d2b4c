"""The real files, against independent counts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.langchain import ADAPTER
from tests.adapters.reading import sniff

from .rows import read, rows_of

FLAT, NESTED, INGEST = "langsmith_runs_flat.jsonl", "langchain_tracer_runs_nested.json", "langsmith_ingest_ops.jsonl"
pytestmark = pytest.mark.corpus


def expected(corpus: Path, name: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = json.loads((corpus / "EXPECTED.json").read_text())["langchain"]
    (entry,) = (entry for entry in entries if entry["file"] == name)
    return entry


def seconds(row: dict[str, Any]) -> float:
    return (datetime.fromisoformat(row["end_time"]) - datetime.fromisoformat(row["start_time"])).total_seconds()


@pytest.mark.parametrize("name", [FLAT, NESTED])
def test_what_this_suite_counts_in_the_raw_bytes_is_what_the_independent_counter_found(corpus: Path, name: str) -> None:
    rows = rows_of(corpus / "langchain" / name)
    ids = {row["id"] for row in rows}
    parents = [row.get("parent_run_id") for row in rows]
    assert expected(corpus, name) == {
        "file": name,
        "runs": len(rows),
        "distinct": len(ids),
        "traces": len({row["trace_id"] for row in rows}),
        "types": Counter(row["run_type"] for row in rows),
        "roots": parents.count(None),
        "orphans": sum(parent is not None and parent not in ids for parent in parents),
        "errors": sum(bool(row.get("error")) for row in rows),
        "unfinished": sum(not row.get("end_time") for row in rows),
        "tools": Counter(row["name"] for row in rows if row["run_type"] == "tool"),
        "seconds": round(sum(map(seconds, rows)), 3),
    }


@pytest.mark.parametrize("name", [FLAT, NESTED, INGEST])
def test_every_trace_is_an_execution_and_every_tool_run_a_decision(corpus: Path, name: str) -> None:
    numbers = expected(corpus, FLAT if name == INGEST else name)
    out = read(corpus / "langchain" / name)
    assert out.damage == []
    assert len(out.by_id()) == numbers["traces"] == numbers["roots"]
    decisions = [decision for execution in out.executions for decision in execution.decisions]
    assert Counter(decision.tool for decision in decisions) == numbers["tools"]
    assert len({decision.native_id for decision in decisions}) == numbers["types"]["tool"]
    assert sum(decision.outcome == "unknown" for decision in decisions) == numbers["unfinished"]


@pytest.mark.parametrize("name", [FLAT, NESTED])
def test_nine_runs_with_an_error_are_three_failures(corpus: Path, name: str) -> None:
    rows = rows_of(corpus / "langchain" / name)
    with_error = {row["id"]: row for row in rows if row.get("error")}
    assert len(with_error) == expected(corpus, name)["errors"]
    above = {row.get("parent_run_id") for row in with_error.values()}
    deepest = [row for run_id, row in with_error.items() if run_id not in above]
    handled = [
        row["id"]
        for row in rows
        if row["run_type"] == "tool" and (row["outputs"].get("output") or {}).get("status") == "error"
    ]
    out = read(corpus / "langchain" / name)
    ended = {execution.execution_id: execution.error for execution in out.executions if execution.error}
    assert ended == {f"lc:{row['trace_id']}": row["error"].partition("Traceback")[0] for row in deepest}
    assert len(ended) == 3
    failed = {d.native_id for execution in out.executions for d in execution.decisions if d.outcome == "failed"}
    assert failed == {*handled, *(row["id"] for row in deepest if row["run_type"] == "tool")}
    assert len(handled) == 2


@pytest.mark.parametrize("name", [FLAT, NESTED, INGEST])
def test_runs_end_as_they_are_known_to_have_ended_and_nobody_judged_them(corpus: Path, name: str) -> None:
    known = json.loads((corpus / "langchain" / "expected_outcomes.json").read_text())
    out = read(corpus / "langchain" / name)
    found = {(execution.task_id, execution.agent_id): execution for execution in out.executions}
    assert {key: execution.status for key, execution in found.items()} == {
        (f"task:{entry['task']}", entry["agent"]): "failed" if entry["outcome"] == "error" else "completed"
        for entry in known
    }
    assert {execution.success for execution in out.executions} == {None}
    for (task_id, agent_id), execution in found.items():
        task = (task_id or "").removeprefix("task:")
        assert execution.session_id == f"{task}-{agent_id}"
        assert execution.task_text == f"task: {task}"


@pytest.mark.parametrize("name", [FLAT, NESTED, INGEST])
def test_tokens_are_those_of_the_model_runs_counted_once(corpus: Path, name: str) -> None:
    rows = rows_of(corpus / "langchain" / (FLAT if name == INGEST else name))
    usage: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["run_type"] == "llm" and not row.get("error"):
            told = row["outputs"]["generations"][0][0]["message"]["kwargs"]["usage_metadata"]
            usage[row["trace_id"], "in"] += told["input_tokens"]
            usage[row["trace_id"], "out"] += told["output_tokens"]
    out = read(corpus / "langchain" / name)
    for execution in out.executions:
        trace_id = execution.execution_id.removeprefix("lc:")
        assert (execution.tokens_in or 0) == usage[trace_id, "in"]
        assert (execution.tokens_out or 0) == usage[trace_id, "out"]
        assert sum(decision.tokens_in or 0 for decision in execution.decisions) <= usage[trace_id, "in"]
    assert sum(usage.values()) > 0
    assert {execution.model for execution in out.executions} == {"fake-large-1"}


def test_a_decision_has_its_arguments_times_and_the_words_that_asked_for_it(corpus: Path) -> None:
    raw = {row["id"]: row for row in rows_of(corpus / "langchain" / FLAT)}
    asked = {
        call["id"]: message["content"]
        for row in raw.values()
        if row["run_type"] == "llm" and not row.get("error")
        for message in [row["outputs"]["generations"][0][0]["message"]["kwargs"]]
        for call in message["tool_calls"]
    }
    out = read(corpus / "langchain" / FLAT)
    worded = 0
    for execution in out.executions:
        for decision in execution.decisions:
            row = raw[decision.native_id or ""]
            assert decision.arguments == row["inputs"]
            assert decision.duration_ms == pytest.approx(seconds(row) * 1000)
            text = asked[row["extra"]["tool_call_id"]]
            assert decision.reasoning == (text or "chain: tools")
            worded += bool(text)
            if row["outputs"]:
                assert decision.output == row["outputs"]["output"]["content"]
    assert worded == 5


@pytest.mark.parametrize("name", [FLAT, NESTED, INGEST])
def test_the_bytes_of_a_decision_hold_its_run(corpus: Path, name: str) -> None:
    path = corpus / "langchain" / name
    data = path.read_bytes()
    for execution in read(path).executions:
        for decision in execution.decisions:
            piece = data[decision.offset : decision.offset + decision.length]
            assert (decision.native_id or "").encode() in piece
            assert all(json.loads(line) for line in ([piece] if name == NESTED else piece.splitlines()))


def test_a_flat_export_and_the_operations_it_came_from_are_the_same_ten_executions(corpus: Path) -> None:
    flat, ops = corpus / "langchain" / FLAT, corpus / "langchain" / INGEST
    both = read(flat, ops)
    assert both.executions == read(ops, flat).executions
    assert len(both.by_id()) == 10


@pytest.mark.parametrize(("name", "variant"), [(FLAT, "flat"), (NESTED, "nested"), (INGEST, "ingest")])
def test_the_files_are_recognised_without_doubt(corpus: Path, name: str, variant: str) -> None:
    match = sniff(ADAPTER, corpus / "langchain" / name)
    assert match is not None
    assert (match.confidence, match.variant, match.use) == (1.0, variant, "read")


def test_no_other_format_of_the_corpus_is_claimed(corpus: Path) -> None:
    others = [
        path
        for path in corpus.rglob("*")
        if path.is_file() and path.parent.name != "langchain" and path.suffix in {".json", ".jsonl", ".traj"}
    ]
    assert len(others) > 50
    assert [path for path in others if sniff(ADAPTER, path) is not None] == []
