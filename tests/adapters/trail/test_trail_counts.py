"""The real traces of TRAIL, against independent counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.generic import ADAPTER as GENERIC
from soma.adapters.otel import ADAPTER as OTEL
from soma.adapters.trail import ADAPTER
from soma.text import clip
from tests.adapters.reading import Readout, run, sniff

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def paths(corpus: Path) -> list[Path]:
    return sorted((corpus / "attribution" / "trail-swe" / "traces").iterdir())


@pytest.fixture(scope="module")
def out(paths: list[Path]) -> Readout:
    return run(ADAPTER, *paths)


@pytest.fixture(scope="module")
def spans(paths: list[Path]) -> list[dict[str, Any]]:
    return [span for path in paths for span in walk(json.loads(path.read_text())["spans"])]


def walk(spans: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for span in spans:
        yield span
        yield from walk(span["child_spans"])


def kind(span: dict[str, Any]) -> str:
    return str(span["span_attributes"].get("openinference.span.kind") or "none")


def holds(step: dict[str, Any], what: str) -> bool:
    return any(kind(child) == what for child in walk(step["child_spans"]))


def test_what_this_suite_counts_is_what_the_independent_counter_found(
    corpus: Path, paths: list[Path], spans: list[dict[str, Any]]
) -> None:
    expected = json.loads((corpus / "EXPECTED.json").read_text())["attribution/trail-swe"]
    assert expected["traces"] == len(paths) and expected["spans"] == len(spans)
    assert expected["kinds"] == Counter(map(kind, spans))
    assert expected["status"] == Counter(span["status_code"] for span in spans)
    assert expected["tools"] == Counter(span["span_attributes"]["tool.name"] for span in spans if kind(span) == "TOOL")


def test_only_this_adapter_knows_them(paths: list[Path]) -> None:
    for path in paths:
        match = sniff(ADAPTER, path)
        assert match is not None and match.confidence == 1.0
        assert sniff(OTEL, path) is None and sniff(GENERIC, path) is None


def test_human_labels_are_no_traces(corpus: Path) -> None:
    labels = sorted((corpus / "attribution" / "trail-swe" / "annotations").iterdir())
    assert labels and [sniff(ADAPTER, path) for path in labels] == [None] * len(labels)


def test_every_trace_is_a_run_and_every_step_or_tool_in_it_a_decision(
    out: Readout, spans: list[dict[str, Any]]
) -> None:
    assert out.damage == []
    assert {draft.execution_id for draft in out.by_id().values()} == {f"otel:{span['trace_id']}" for span in spans}
    tools = {span["span_id"] for span in spans if kind(span) == "TOOL"}
    steps = [span for span in spans if kind(span) == "CHAIN"]
    broken = [s for s in steps if any(kind(c) == "LLM" and c["status_code"] == "Error" for c in walk(s["child_spans"]))]
    acted = {span["span_id"]: span for span in steps if not holds(span, "TOOL") and span not in broken}
    found = {decision.native_id: decision for draft in out.executions for decision in draft.decisions}
    assert found.keys() == tools | acted.keys()
    assert sum(len(draft.decisions) for draft in out.executions) == len(found)
    assert Counter(decision.tool for decision in found.values()) == {
        "final_answer": len(tools), "python_interpreter": len(acted),
    }  # fmt: skip
    for span_id, span in acted.items():
        assert found[span_id].outcome == ("failed" if span["status_code"] == "Error" else "ok")
        told = span["span_attributes"].get("output.value")
        assert found[span_id].output == (None if told is None else clip(told))
    assert {found[span_id].outcome for span_id in tools} == {"ok"}


def test_errors_are_counted_where_they_happened(out: Readout, spans: list[dict[str, Any]]) -> None:
    """Thirty spans have an error; those of a broken model call and of everything around it are the run's."""
    broken = [span for span in spans if kind(span) == "LLM" and span["status_code"] == "Error"]
    failed = [decision for draft in out.executions for decision in draft.decisions if decision.outcome == "failed"]
    steps = sum(kind(span) == "CHAIN" and span["status_code"] == "Error" for span in spans)
    assert len(failed) == steps - len(broken)
    ended = {draft.execution_id: draft for draft in out.executions if draft.status == "failed"}
    assert ended.keys() == {f"otel:{span['trace_id']}" for span in broken}
    assert all(draft.error for draft in ended.values())


def test_tokens_are_those_of_the_model_calls_each_once(out: Readout, spans: list[dict[str, Any]]) -> None:
    calls = {(s["trace_id"], s["span_id"]): s["span_attributes"] for s in spans if kind(s) == "LLM"}
    sums: Counter[str] = Counter()
    for (trace_id, _), facts in calls.items():
        sums[f"otel:{trace_id}"] += int(facts.get("llm.token_count.prompt", 0))
    assert {draft.execution_id: draft.tokens_in for draft in out.executions} == sums
    # smolagents sums them up on the agent's span, where the trace has one.
    for span in spans:
        if kind(span) == "AGENT" and span["status_code"] == "Ok":
            assert sums[f"otel:{span['trace_id']}"] == int(span["span_attributes"]["llm.token_count.prompt"])
    for draft in out.executions:
        told = sum(decision.tokens_in or 0 for decision in draft.decisions)
        assert told == draft.tokens_in


def test_agent_task_times_and_reasons(out: Readout, spans: list[dict[str, Any]]) -> None:
    roots = {f"otel:{span['trace_id']}": span for span in spans if span["span_name"] == "process_item"}
    for draft in out.executions:
        assert draft.agent_id in {"SWEBenchLite", "SWEBench"} and draft.framework == "otel"
        assert draft.task_text and draft.started_at and draft.ended_at
        root = roots.get(draft.execution_id)
        if root is not None:
            item = root["logs"][0]["body"]["function.arguments"]["item"]
            assert draft.task_id == f"task:{item['instance_id']}"
            lasted = root["duration"].removeprefix("PT").removesuffix("S").partition("M")
            seconds = float(lasted[2]) + 60 * int(lasted[0]) if lasted[1] else float(lasted[0])
            assert draft.ended_at - draft.started_at == round(seconds * 1e6)
        else:
            assert (draft.task_id, draft.status) == (None, "unknown")
        assert draft.success is None
        for decision in draft.decisions:
            assert decision.started_at and decision.duration_ms is not None and decision.duration_ms >= 0
            assert isinstance(decision.arguments, dict) and decision.model
            if decision.tool != "final_answer":
                assert "```" not in (decision.reasoning or "")


def test_order_of_files_and_copies_change_nothing(out: Readout, paths: list[Path]) -> None:
    again = run(ADAPTER, *reversed(paths), paths[0])
    assert {key: len(draft.decisions) for key, draft in again.by_id().items()} == {
        key: len(draft.decisions) for key, draft in out.by_id().items()
    }
    assert [draft.decisions for draft in again.executions[1:]] == [draft.decisions for draft in out.executions[1:]]
