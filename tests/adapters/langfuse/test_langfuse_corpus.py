"""The real exports, against independent counts and against what is counted here from their raw bytes."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.langfuse import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import sniff

from .building import only, read

pytestmark = pytest.mark.corpus

# What a person reading the ten traces finds that their agents did, in order; duckduckgo_search, Wikipedia,
# OpenMeteoTool, ByeTool, HelloTool and Web-Search were logged as plain spans.
MADE = {
    "agno": ["duckduckgo_search"],
    "beeai": ["Wikipedia", "OpenMeteoTool"],
    "claude-agent": ["mcp__weather__get_weather", "mcp__weather__get_weather"],
    "crewai": [],
    "google-adk": ["say_hello"],
    "koog": ["ByeTool", "HelloTool"],
    "langgraph-python": ["Web-Search"],
    "microsoft-agent": ["get_weather"],
    "openai-agents": ["get_weather"],
    "vertex-ai": [],
}


@pytest.fixture(params=sorted(MADE))
def path(request: pytest.FixtureRequest, corpus: Path) -> Path:
    (found,) = (corpus / "langfuse").glob(f"{request.param}-20*.trace.json")
    return found


@pytest.fixture
def numbers(path: Path, corpus: Path) -> dict[str, Any]:
    entries: list[dict[str, Any]] = json.loads((corpus / "EXPECTED.json").read_text())["langfuse"]
    (entry,) = (entry for entry in entries if entry["file"] == path.name)
    return entry


@pytest.fixture
def raw(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["observations"]
    return found


@pytest.fixture
def run(path: Path) -> ExecutionDraft:
    return only(path)


def made(path: Path) -> list[str]:
    return next(tools for name, tools in MADE.items() if path.name.startswith(f"{name}-20"))


def total(observation: dict[str, Any]) -> int:
    return int((observation["usageDetails"] or {}).get("total", 0))


def test_the_table_covers_the_corpus(corpus: Path) -> None:
    entries: list[dict[str, Any]] = json.loads((corpus / "EXPECTED.json").read_text())["langfuse"]
    assert len(entries) == len(MADE) == len(list((corpus / "langfuse").glob("*.json")))


def test_what_this_suite_counts_is_what_the_independent_counter_found(
    path: Path, numbers: dict[str, Any], raw: list[dict[str, Any]]
) -> None:
    ids = {item["id"] for item in raw}
    parents = [item["parentObservationId"] for item in raw]
    names = Counter(item["name"] for item in raw)
    # The counter lists the eight most frequent names only.
    assert {name: names[name] for name in numbers["names"]} == numbers["names"]
    assert {key: value for key, value in numbers.items() if key != "names"} == {
        "file": path.name,
        "observations": len(raw),
        "types": Counter(item["type"] for item in raw),
        "roots": parents.count(None),
        "orphans": sum(parent is not None and parent not in ids for parent in parents),
        "levels": Counter(item["level"] for item in raw),
        "open_ended": sum(not item["endTime"] for item in raw),
        "extracted_tool_calls": sum(len(item["toolCalls"]) for item in raw),
        "tokens": sum(map(total, raw)),
    }


def test_a_trace_is_one_execution_whose_calls_are_found_whatever_their_type(
    path: Path, numbers: dict[str, Any], run: ExecutionDraft, raw: list[dict[str, Any]]
) -> None:
    assert read(path).damage == []
    assert [decision.tool for decision in run.decisions] == made(path)
    tools = {item["id"] for item in raw if item["type"] == "TOOL"}
    assert tools <= {decision.native_id for decision in run.decisions}
    assert len(tools) == numbers["types"].get("TOOL", 0)
    assert numbers["extracted_tool_calls"] <= len(run.decisions)
    # The ids that OpenAI and Anthropic give calls are another count of them; Gemini and BeeAI's text prompts have none.
    ids = {
        match[0] for item in raw for match in re.finditer(r"\b(?:call_|toolu_)[A-Za-z0-9]{20,}", str(item["output"]))
    }
    if ids:
        assert len(ids) == len(run.decisions)


def test_nothing_failed_and_everything_ended(numbers: dict[str, Any], run: ExecutionDraft) -> None:
    assert (numbers["levels"].get("ERROR", 0), numbers["open_ended"], numbers["roots"]) == (0, 0, 1)
    assert (run.status, run.error) == ("completed", None)
    assert all(decision.outcome == "ok" and decision.error is None for decision in run.decisions)
    assert all(decision.duration_ms is not None and decision.output is not None for decision in run.decisions)


def test_tokens_and_cost_are_those_of_every_model_message_once(
    path: Path, numbers: dict[str, Any], run: ExecutionDraft, raw: list[dict[str, Any]]
) -> None:
    # The independent figure sums all observations. Not messages of a model are: the agent span of the Microsoft trace,
    # which repeats the usage of one of its calls, and agno's outer generations, inside which the client of the model
    # recorded the same two messages again (the provider's answer in the output has the inner figures).
    enclosing = {item["parentObservationId"] for item in raw if item["type"] == "GENERATION"}
    counted = [item for item in raw if item["type"] == "GENERATION" and item["id"] not in enclosing]
    usage = [item["usageDetails"] for item in counted]
    assert (run.tokens_in or 0) == sum(entry.get("input", 0) for entry in usage)
    assert (run.tokens_out or 0) == sum(entry.get("output", 0) for entry in usage)
    same = sum(map(total, counted)) == numbers["tokens"]
    assert same == (not path.name.startswith(("agno", "microsoft")))
    # Gemini's thoughts are in the total of its answer alone, so nobody says whether they are output.
    assert path.name.startswith("vertex") or sum(map(total, counted)) == (run.tokens_in or 0) + (run.tokens_out or 0)
    assert run.cost_usd == pytest.approx(sum(item["costDetails"].get("total", 0) for item in counted))
    assert sum(decision.tokens_in or 0 for decision in run.decisions) <= (run.tokens_in or 0)


def test_agnos_inner_generations_hold_the_figures_of_the_provider(corpus: Path) -> None:
    (path,) = (corpus / "langfuse").glob("agno-*.json")
    outer = [item for item in json.loads(path.read_text())["observations"] if item["name"] == "OpenAIChat.invoke"]
    provider = [json.loads(item["output"])["usage"] for item in outer]
    assert only(path).tokens_in == sum(usage["prompt_tokens"] for usage in provider)
    assert only(path).tokens_out == sum(usage["completion_tokens"] for usage in provider)


def test_a_run_lasts_as_long_as_its_trace_says_in_seconds(path: Path, run: ExecutionDraft) -> None:
    latency = json.loads(path.read_text())["trace"]["latency"]
    assert run.started_at is not None
    assert run.ended_at is not None
    assert (run.ended_at - run.started_at) / 1e6 == pytest.approx(latency, abs=0.0015)


def test_only_scores_of_the_task_judge_it(path: Path, run: ExecutionDraft) -> None:
    scores = {score["name"]: score["value"] for score in json.loads(path.read_text())["trace"]["scores"]}
    assert scores.keys() <= {"correctness", "hallucination", "toxicity"}
    value = scores.get("correctness")
    assert (run.score, run.success) == ((None, None) if value is None else (value, bool(value)))
    assert run.success_from == (None if value is None else "evaluation")


def test_agents_are_named_where_a_name_was_chosen(corpus: Path) -> None:
    runs = [only(path) for path in sorted((corpus / "langfuse").glob("*.json"))]
    assert [run.agent_id for run in runs] == [
        "", "beeai-framework-main", "", "crewai-index-trace", "hello_agent", "", "", "", "Hello world", "",
    ]  # fmt: skip
    assert [run.operator_id for run in runs if run.operator_id] == ["demo-user"]
    sessions = {run.session_id for run in runs if run.session_id}
    assert sessions == {"35cc6c90-b657-4819-b66c-c931c03ad569", "demo-session", "demo-thread-1"}


def test_every_run_knows_what_it_was_asked_for(path: Path, run: ExecutionDraft) -> None:
    words = {
        "agno": "What is currently trending on Twitter?", "beeai": "I'm planning a trip to Barcelona",
        "claude": "What's the weather like in Berlin", "crewai": "Current Task: Define the HTML", "google": "hi",
        "koog": "Greet and say goodbye", "langgraph": "Search the web for 'example'",
        "microsoft": "What's the weather in Tokyo?", "openai": "What's the weather in Tokyo?",
        "vertex": "What is Langfuse?",
    }  # fmt: skip
    assert (run.task_text or "").strip().startswith(words[path.name.split("-")[0]])


def test_the_files_are_recognised_without_doubt_and_no_others(corpus: Path) -> None:
    found = {path: sniff(ADAPTER, path) for path in corpus.rglob("*") if path.is_file()}
    claimed = {path for path, match in found.items() if match is not None}
    assert claimed == set((corpus / "langfuse").glob("*.json"))
    assert {match.confidence for match in found.values() if match is not None} == {1.0}
