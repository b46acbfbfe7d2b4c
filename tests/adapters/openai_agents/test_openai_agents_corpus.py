"""The real export, against what is counted here from its raw bytes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.openai_agents import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import sniff

from .building import read

NAME = "agents_sdk_export.jsonl"


@pytest.fixture(params=[pytest.param("corpus", marks=pytest.mark.corpus), "shipped"])
def path(request: pytest.FixtureRequest, fixtures: Path, corpus: Path) -> Path:
    return (corpus if request.param == "corpus" else fixtures) / "openai-agents" / NAME


def items(path: Path) -> list[dict[str, Any]]:
    return [item for line in path.read_text().splitlines() for item in json.loads(line)["data"]]


def spans(path: Path, *kinds: str) -> list[dict[str, Any]]:
    return [item for item in items(path) if "span_data" in item and item["span_data"]["type"] in kinds]


def named(path: Path) -> dict[str, ExecutionDraft]:
    return {execution.labels["workflow"]: execution for execution in read(path).executions}


def test_the_file_is_recognised_without_doubt(path: Path) -> None:
    match = sniff(ADAPTER, path)
    assert match is not None
    assert (match.confidence, match.variant) == (1.0, "batches")


def test_every_trace_is_an_execution_and_every_function_and_handoff_a_decision(path: Path) -> None:
    out = read(path)
    assert out.damage == []
    traces = [item["id"] for item in items(path) if item["object"] == "trace"]
    assert set(out.by_id()) == {f"oa:{trace}" for trace in traces}
    made = spans(path, "function", "handoff")
    decisions = {d.native_id: d for execution in out.executions for d in execution.decisions}
    assert set(decisions) == {span["id"] for span in made}
    assert len(made) == 9
    assert Counter(d.tool for d in decisions.values()) == Counter(s["span_data"].get("name", "handoff") for s in made)
    failed = {span["id"] for span in made if span["error"]}
    assert {native for native, d in decisions.items() if d.outcome == "failed"} == failed
    assert {d.outcome for native, d in decisions.items() if native not in failed} == {"ok"}


def test_decisions_hold_what_their_spans_hold(path: Path) -> None:
    raw = {span["id"]: span for span in spans(path, "function")}
    lines = path.read_bytes()
    for execution in read(path).executions:
        for decision in execution.decisions:
            assert (decision.native_id or "").encode() in lines[decision.offset : decision.offset + decision.length]
            if (span := raw.get(decision.native_id or "")) is not None:
                assert decision.arguments == json.loads(span["span_data"]["input"])
                assert decision.output == span["span_data"]["output"]
                assert decision.duration_ms is not None
                assert decision.duration_ms > 0


def test_runs_end_as_their_agents_ended(path: Path) -> None:
    broken = {span["trace_id"]: span["error"]["message"] for span in spans(path, "agent") if span["error"]}
    for execution in read(path).executions:
        message = broken.get(execution.execution_id.removeprefix("oa:"))
        assert execution.status == ("completed" if message is None else "failed")
        assert (execution.error or "").startswith(message or "")
        assert execution.success is None
    runs = named(path)
    assert {name: run.status for name, run in runs.items()} == {
        "stock-check": "completed",
        "stock-error": "completed",
        "handoff": "failed",
        "model-down": "failed",
        "max-turns": "failed",
    }
    assert runs["model-down"].error == "Error in agent run: 503 overloaded"
    assert runs["model-down"].decisions == []


def test_tokens_are_those_of_the_model_calls_and_of_no_sum_above_them(path: Path) -> None:
    usage: Counter[tuple[str, str]] = Counter()
    for span in spans(path, "generation", "response"):
        usage[span["trace_id"], "in"] += (span["span_data"]["usage"] or {}).get("input_tokens", 0)
        usage[span["trace_id"], "out"] += (span["span_data"]["usage"] or {}).get("output_tokens", 0)
    assert sum(usage.values()) == 10 * 62
    for execution in read(path).executions:
        trace = execution.execution_id.removeprefix("oa:")
        assert ((execution.tokens_in or 0), (execution.tokens_out or 0)) == (usage[trace, "in"], usage[trace, "out"])
        assert sum(d.tokens_in or 0 for d in execution.decisions) <= usage[trace, "in"]
    both = named(path)["stock-check"].decisions
    assert [decision.tokens_in for decision in both] == [50, None]
    assert named(path)["model-down"].tokens_in is None


def test_the_second_agent_of_a_handoff_works_on_in_the_same_execution(path: Path) -> None:
    run = named(path)["handoff"]
    assert run.agent_id == "clerk"
    assert [(d.tool, d.kind, d.action) for d in run.decisions] == [
        ("get_stock", "tool_choice", ""),
        ("handoff", "delegation", "delegate:buyer"),
        ("reorder", "tool_choice", ""),
    ]


def test_a_trace_tells_its_task_session_and_model(path: Path) -> None:
    for name, run in named(path).items():
        assert run.task_id == f"task:{name}"
        assert run.session_id == "thread-1"
        assert run.model == "fake-large-1"
        assert f"task {name}" in (run.task_text or "")


@pytest.mark.corpus
def test_no_other_format_of_the_corpus_is_claimed(corpus: Path) -> None:
    others = [
        path
        for path in corpus.rglob("*")
        if path.is_file() and path.parent.name != "openai-agents" and path.suffix in {".json", ".jsonl", ".traj"}
    ]
    assert len(others) > 50
    assert [path for path in others if sniff(ADAPTER, path) is not None] == []
