"""The real traces against the independent counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.otel import ADAPTER
from soma.adapters.otel.conventions import role_of
from soma.adapters.otel.lines import spans_of
from soma.adapters.otel.map import executions
from soma.adapters.otel.wire import WireSpan
from soma.model import ExecutionDraft
from soma.source import DEFAULT_LIMITS, Damage, Record
from tests.adapters.reading import Readout, run, sniff, source_of

pytestmark = pytest.mark.corpus

SETS = ("any-agent", "open-agent-traces", "openinference-langchain", "openllmetry-langchain", "vercel-openinference")
ROLES = {
    "kinds.gen_ai=call_llm": "llm",
    "kinds.gen_ai=chat": "llm",
    "kinds.gen_ai=execute_tool": "tool",
    "kinds.gen_ai=invoke_agent": "agent",
    "kinds.openinference=LLM": "llm",
    "kinds.openinference=CHAIN": "chain",
    "kinds.openinference=TOOL": "tool",
    "kinds.traceloop=task": "chain",
    "kinds.traceloop=tool": "tool",
    # OpenLLMetry writes gen_ai.operation.name=invoke_agent beside the kind of its workflow spans.
    "kinds.traceloop=workflow": "agent",
    "kinds.none": "other",
    "kinds.ai=ai.generateText.doGenerate": "llm",
    "kinds.ai=ai.generateObject.doGenerate": "llm",
    "kinds.ai=ai.streamText.doStream": "llm",
    "kinds.ai=ai.generateText": "agent",
    "kinds.ai=ai.generateObject": "agent",
    "kinds.ai=ai.streamText": "agent",
    "kinds.ai=ai.embed": "other",
    "kinds.ai=ai.embed.doEmbed": "other",
}


def paths(corpus: Path, name: str) -> list[Path]:
    return sorted(path for path in (corpus / "otel" / name).iterdir() if path.suffix in (".json", ".jsonl"))


def expected(corpus: Path, name: str) -> dict[str, Any]:
    found = json.loads((corpus / "EXPECTED.json").read_text())[f"otel/{name}"]
    assert found["spans"] > 0
    return dict(found)


def spans(corpus: Path, name: str) -> Iterator[WireSpan]:
    for path in paths(corpus, name):
        for record in ADAPTER.read(source_of(ADAPTER, path), DEFAULT_LIMITS):
            assert isinstance(record, Record)
            for span in spans_of(record.value):
                assert span is not None
                yield span


def drafts(corpus: Path, name: str) -> Readout:
    out = run(ADAPTER, *paths(corpus, name))
    assert out.damage == []
    return out


@pytest.mark.parametrize("name", SETS)
def test_every_span_of_the_real_files_is_read(corpus: Path, name: str) -> None:
    counted, found = expected(corpus, name), list(spans(corpus, name))
    ids = {(span.trace_id, span.span_id) for span in found}
    assert len(found) == counted["spans"]
    assert len(ids) == counted["distinct_ids"]
    assert len({span.trace_id for span in found}) == counted["traces"]
    assert sum(span.parent_id is None for span in found) == counted["roots"]
    orphans = [span for span in found if span.parent_id and (span.trace_id, span.parent_id) not in ids]
    assert len(orphans) == counted["orphans"]
    assert sum(span.status == "error" for span in found) == counted["errors"]
    assert len(paths(corpus, name)) == counted["files"]


@pytest.mark.parametrize("name", SETS)
def test_every_span_has_the_role_its_convention_states(corpus: Path, name: str) -> None:
    wanted: Counter[str] = Counter()
    for kind, count in expected(corpus, name).items():
        if kind.startswith("kinds."):
            wanted[ROLES[kind]] += count
    assert Counter(role_of(span.attributes, span.name) for span in spans(corpus, name)) == wanted


@pytest.mark.parametrize("name", SETS)
def test_every_tool_span_is_one_decision(corpus: Path, name: str) -> None:
    wanted = {
        key.removeprefix("tools."): count for key, count in expected(corpus, name).items() if key.startswith("tools.")
    }
    out = drafts(corpus, name)
    assert Counter(decision.tool for execution in out.executions for decision in execution.decisions) == wanted


@pytest.mark.parametrize("name", ["any-agent", "openinference-langchain", "openllmetry-langchain"])
def test_every_trace_of_an_agent_is_one_execution(corpus: Path, name: str) -> None:
    out = drafts(corpus, name)
    assert len(out.by_id()) == expected(corpus, name)["traces"]


def test_traces_without_agent_or_client_spans_are_no_executions(corpus: Path) -> None:
    assert drafts(corpus, "open-agent-traces").executions == []


def test_model_calls_without_tools_are_executions_without_decisions(corpus: Path) -> None:
    counted = expected(corpus, "vercel-openinference")
    embeddings = sum(count for kind, count in counted.items() if kind.startswith("kinds.ai=ai.embed"))
    out = drafts(corpus, "vercel-openinference")
    assert len(out.executions) == counted["traces"] - embeddings
    assert all(execution.decisions == [] for execution in out.executions)


@pytest.mark.parametrize("name", ["openinference-langchain", "openllmetry-langchain"])
def test_known_outcomes_of_both_agents(corpus: Path, name: str) -> None:
    known = json.loads((corpus / "otel" / "expected_outcomes.json").read_text())
    found = {(run.task_id, run.agent_id): run for run in drafts(corpus, name).executions}
    assert set(found) == {(f"task:{row['task']}", row["agent"]) for row in known}
    for row in known:
        execution = found[f"task:{row['task']}", row["agent"]]
        assert execution.status == ("failed" if row["outcome"] == "error" else "completed"), row
        assert execution.success is None, "no evaluation was recorded"
        assert execution.task_text == f"task: {row['task']}"
        assert execution.session_id == f"{row['task']}-{row['agent']}"
        assert (execution.error is None) == (row["outcome"] != "error")
        if row["outcome"] == "failure":
            assert {decision.outcome for decision in execution.decisions} == {"failed"}


@pytest.mark.parametrize("name", ["openinference-langchain", "openllmetry-langchain"])
def test_one_exception_on_many_spans_is_one_failed_decision(corpus: Path, name: str) -> None:
    out = drafts(corpus, name)
    failed = [decision for run in out.executions for decision in run.decisions if decision.outcome != "ok"]
    # One exception, and two errors that LangChain handled and wrote into the tool message only.
    assert sorted(decision.error or "" for decision in failed) == [
        "ValueError: negative amount",
        "amount above the refund limit of 100",
        "amount above the refund limit of 100",
    ]
    assert {decision.outcome for decision in failed} == {"failed"}
    errors = sorted(run.error for run in out.executions if run.error)
    assert errors == [
        "RuntimeError: 429 rate limit",
        "RuntimeError: 503 model overloaded",
        "ValueError: negative amount",
    ]


def test_two_instrumentations_of_the_same_runs_tell_the_same_story(corpus: Path) -> None:
    def story(execution: ExecutionDraft) -> list[Any]:
        return [(d.tool, d.arguments, d.outcome, d.output, d.error, d.reasoning) for d in execution.decisions]

    first = {(run.task_id, run.agent_id): story(run) for run in drafts(corpus, "openinference-langchain").executions}
    second = {(run.task_id, run.agent_id): story(run) for run in drafts(corpus, "openllmetry-langchain").executions}
    assert first == second
    assert sum(map(len, first.values())) == 16


def test_tokens_are_those_of_model_calls_only(corpus: Path) -> None:
    wanted: Counter[str] = Counter()
    for path in paths(corpus, "openinference-langchain"):
        for line in path.read_text().splitlines():
            for group in json.loads(line)["resourceSpans"]:
                for span in group["scopeSpans"][0]["spans"]:
                    fields = {item["key"]: item["value"] for item in span["attributes"]}
                    if fields["openinference.span.kind"] == {"stringValue": "LLM"}:
                        prompt = fields.get("llm.token_count.prompt", {"intValue": "0"})
                        wanted[f"otel:{span['traceId']}"] += int(prompt["intValue"])
    out = drafts(corpus, "openinference-langchain")
    assert {run.execution_id: run.tokens_in or 0 for run in out.executions} == dict(wanted)
    assert all(sum(d.tokens_in or 0 for d in run.decisions) <= (run.tokens_in or 0) for run in out.executions)


def test_any_agent_ids_beyond_double_precision_stay_apart(corpus: Path) -> None:
    whole = {
        (span["context"]["trace_id"], span["context"]["span_id"])
        for path in paths(corpus, "any-agent")
        for span in json.loads(path.read_text())["spans"]
    }
    assert all(trace > 1 << 53 for trace, _ in whole)
    found = {(span.trace_id, span.span_id) for span in spans(corpus, "any-agent")}
    assert found == {(f"{trace:032x}", f"{number:016x}") for trace, number in whole}


def test_any_agent_costs_are_summed_over_model_calls(corpus: Path) -> None:
    for path in paths(corpus, "any-agent"):
        calls = [
            span["attributes"] for span in json.loads(path.read_text())["spans"] if span["name"].startswith("call_llm")
        ]
        wanted = sum(call["gen_ai.usage.input_cost"] + call["gen_ai.usage.output_cost"] for call in calls)
        (execution,) = run(ADAPTER, path).executions
        assert execution.cost_usd == pytest.approx(wanted)
        assert execution.tokens_in == sum(call["gen_ai.usage.input_tokens"] for call in calls)
        assert execution.tokens_out == sum(call["gen_ai.usage.output_tokens"] for call in calls)


def test_all_real_files_are_recognised_and_others_are_not(corpus: Path) -> None:
    for name in SETS:
        for path in paths(corpus, name):
            match = sniff(ADAPTER, path)
            assert match is not None and match.confidence == 1.0, path
    for path in sorted(corpus.rglob("*")):
        if path.is_file() and "otel" not in path.parts:
            assert sniff(ADAPTER, path) is None, path


def test_spans_carry_the_bytes_they_came_from(corpus: Path) -> None:
    path = paths(corpus, "openinference-langchain")[0]
    data = path.read_bytes()
    out = run(ADAPTER, path)
    checked = 0
    for execution in out.executions:
        for decision in execution.decisions:
            record = json.loads(data[decision.offset : decision.offset + decision.length])
            (span,) = record["resourceSpans"][0]["scopeSpans"][0]["spans"]
            facts = {item["key"]: item["value"] for item in span["attributes"]}
            assert facts["tool.name"] == {"stringValue": decision.tool}
            stated = facts.get("tool_call.id", {"stringValue": decision.native_id})
            assert stated == {"stringValue": decision.native_id}
            checked += 1
    assert checked == 16


def test_damage_of_the_reader_is_passed_on() -> None:
    damage = Damage(source_id="s", offset=0, length=1, reason="torn")
    assert list(executions([damage])) == [damage]
