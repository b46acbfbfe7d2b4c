"""The corpus as somebody else counted it, against what the drafts say."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from soma.adapters.openclaw import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters.reading import Readout, run

from .sessions import outcomes, read_folder, transcripts

FOLDERS = ["pi-v1", "pi-v3", "real-scrubbed", "run-2026.4.26", "run-2026.9.6"]
WRAPPED = {"tool_call": "sessions_spawn"}
pytestmark = [pytest.mark.corpus, pytest.mark.parametrize("folder", FOLDERS)]


@pytest.fixture(scope="module")
def expected(corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "EXPECTED.json").read_text())
    return found


@pytest.fixture(scope="module")
def counter(corpus: Path) -> ModuleType:
    """The independent counter, for what EXPECTED.json does not break down."""
    spec = importlib.util.spec_from_file_location("count_openclaw", corpus / "counters" / "count_openclaw.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = written
    return module


_READ: dict[str, Readout] = {}


@pytest.fixture
def read(corpus: Path, folder: str) -> Readout:
    if folder not in _READ:
        _READ[folder] = read_folder(corpus / "openclaw" / folder)
    return _READ[folder]


@pytest.fixture
def figures(expected: dict[str, Any], folder: str) -> Counter[str]:
    return Counter(expected[f"openclaw/{folder}"]["session"])


@pytest.fixture
def raw(corpus: Path, folder: str, counter: ModuleType) -> list[list[dict[str, Any]]]:
    """The entries of every session, undigested."""
    paths: list[str] = []
    for path in counter.files_of([str(corpus / "openclaw" / folder)]):
        paths += [f"{path}::{s}" for s in counter.sessions_of(path)] if path.endswith(".sqlite") else [path]
    sessions = [list(counter.rows(path, Counter())) for path in paths]
    return [entries for entries in sessions if entries and entries[0].get("type") == "session"]


def decisions(drafts: list[ExecutionDraft]) -> list[DecisionDraft]:
    return [decision for draft in drafts for decision in draft.decisions]


def is_orphan(decision: DecisionDraft) -> bool:
    return decision.arguments is None


def is_missing(decision: DecisionDraft) -> bool:
    return decision.outcome in {"unknown", "skipped"} and decision.output is None


def results_of(raw: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    messages = [entry["message"] for entries in raw for entry in entries if entry.get("type") == "message"]
    return [message for message in messages if message.get("role") == "toolResult"]


def test_every_session_is_one_execution(read: Readout, figures: Counter[str]) -> None:
    drafts = transcripts(read)
    assert read.damage == []
    assert len({draft.execution_id for draft in drafts}) == len(drafts) == figures["files"]
    assert sum(draft.labels.get("branch") == "abandoned" for draft in drafts) == figures["branch_points"]


def test_calls_orphans_and_missing_results(read: Readout, figures: Counter[str]) -> None:
    made = decisions(transcripts(read))
    assert len(made) - sum(map(is_orphan, made)) == figures["tool_calls"]
    assert sum(map(is_orphan, made)) == figures["orphan_results"]
    assert sum(map(is_missing, made)) == figures["missing_results"]


def test_calls_per_tool(read: Readout, figures: Counter[str]) -> None:
    """A call through ``tool_call`` is counted under the tool that ran."""
    counted: Counter[str] = Counter()
    for name, number in figures.items():
        if name.startswith("tools."):
            tool = name.removeprefix("tools.")
            counted[WRAPPED.get(tool, tool)] += number
    assert Counter(d.tool for d in decisions(transcripts(read)) if not is_orphan(d)) == counted


def test_a_nested_call_is_not_counted_beside_its_wrapper(read: Readout, figures: Counter[str]) -> None:
    tools = Counter(decision.tool for decision in decisions(transcripts(read)))
    assert tools["tool_call"] == 0
    if figures["nested_tool_calls"]:
        assert tools["sessions_spawn"] == figures["nested_tool_calls"] == figures["tools.tool_call"]


def test_failures(read: Readout, figures: Counter[str], raw: list[list[dict[str, Any]]]) -> None:
    """Commands whose end a later poll saw fail as well: the counter counts only the poll."""
    ends = {m["details"]["sessionId"]: m["details"] for m in results_of(raw)
            if m["toolName"] == "process" and "sessionId" in (m.get("details") or {})}  # fmt: skip
    late = sum(ends.get(m["details"].get("sessionId"), {}).get("status") == "failed" for m in results_of(raw)
               if m["toolName"] == "exec" and m["details"].get("status") == "running")  # fmt: skip
    failed = sum(decision.outcome in {"failed", "timeout"} for decision in decisions(transcripts(read)))
    assert failed == figures["is_error"] + figures["soft_errors"] + late


def test_errors_are_told(read: Readout) -> None:
    for decision in decisions(read.executions):
        assert (decision.error is not None) == (decision.outcome in {"failed", "timeout"})


def test_parallel_calls_share_their_message(read: Readout, figures: Counter[str]) -> None:
    groups = Counter(
        (draft.execution_id, decision.offset) for draft in transcripts(read) for decision in draft.decisions
    )
    assert sum(number > 1 for number in groups.values()) == figures["parallel_groups"]
    for draft in transcripts(read):
        charged = [d.offset for d in draft.decisions if d.tokens_out is not None and not is_orphan(d)]
        assert len(charged) == len(set(charged)), "tokens of one message on several of its calls"


def test_durations(read: Readout, figures: Counter[str], raw: list[list[dict[str, Any]]], counter: ModuleType) -> None:
    """The counter takes result time minus answer time; soma takes the tool's own clock where there is one."""
    by_answer, own = {}, {}
    for entries in raw:
        session = entries[0]["id"]
        started = {block["id"]: counter.iso(entry["timestamp"])
                   for entry in entries if (entry.get("message") or {}).get("role") == "assistant"
                   for block in entry["message"]["content"] if block["type"] == "toolCall"}  # fmt: skip
        for result in results_of([entries]):
            if result["toolCallId"] in started:
                key = (session, result["toolCallId"])
                by_answer[key] = result["timestamp"] - started[result["toolCallId"]]
                details = result.get("details") or {}
                own[key] = details.get("durationMs", details.get("tookMs"))
    assert len(by_answer) == figures["duration_n"]
    assert sum(by_answer.values()) == pytest.approx(figures["duration_ms_sum"], abs=figures["files"])
    told = {(draft.session_id, decision.native_id): decision.duration_ms
            for draft in transcripts(read) for decision in draft.decisions if not is_orphan(decision)}  # fmt: skip
    assert {key for key, value in told.items() if value is not None} == by_answer.keys()
    for key, value in by_answer.items():
        assert told[key] == pytest.approx(own[key] if own[key] is not None else value, abs=0.01)
    clocks = [value for key, value in own.items() if isinstance(value, int | float)]
    assert sum(clocks) >= figures["tool_clock_ms"]


def test_cost_and_tokens(read: Readout, figures: Counter[str], raw: list[list[dict[str, Any]]]) -> None:
    drafts = transcripts(read)
    # The counter rounds every file to six digits before it adds them up.
    assert sum(draft.cost_usd or 0 for draft in drafts) == pytest.approx(
        figures["cost_total"], abs=figures["files"] * 5e-7
    )
    usages = [entry["message"]["usage"] for entries in raw for entry in entries
              if (entry.get("message") or {}).get("role") == "assistant"]  # fmt: skip
    for name, field in (("input", "tokens_in"), ("output", "tokens_out"), ("cacheRead", "tokens_cache_read"),
                        ("cacheWrite", "tokens_cache_write")):  # fmt: skip
        assert sum(getattr(draft, field) or 0 for draft in drafts) == sum(usage[name] for usage in usages)


def test_model_errors_and_compactions(read: Readout, figures: Counter[str]) -> None:
    drafts = transcripts(read)
    assert sum(int(draft.labels.get("model_errors", 0)) for draft in drafts) == figures["stops.error"]
    assert sum(int(draft.labels.get("compactions", 0)) for draft in drafts) == figures["compactions"]


def test_cron_runs(read: Readout, expected: dict[str, Any], folder: str) -> None:
    figures = Counter(expected[f"openclaw/{folder}"].get("cron_runs", {}))
    runs = [draft for draft in read.executions if draft.labels.get("record") == "run-log"]
    assert len(runs) == figures["lines"]
    lasted = sum((draft.ended_at or 0) - (draft.started_at or 0) for draft in runs) / 1000
    assert lasted == figures["duration_ms_sum"]
    statuses = Counter(draft.labels["cron_status"] for draft in runs)
    assert statuses == {name.removeprefix("status."): n for name, n in figures.items() if name.startswith("status.")}


def test_known_outcomes(read: Readout, corpus: Path, folder: str) -> None:
    known = [row for row in json.loads((corpus / "openclaw" / "expected_outcomes.json").read_text())
             if folder == f"run-{row['version']}"]  # fmt: skip
    drafts = {draft.session_id: draft for draft in transcripts(read)}
    assert not known or drafts.keys() == {row["session"] for row in known}
    for row in known:
        draft = drafts[row["session"]]
        assert draft.agent_id == row["agent"]
        assert draft.success is None
        assert draft.error == row["model_error"]
        assert (draft.status == "failed") == (row["model_error"] is not None)
        wanted = [call.replace("tool_call:", "sessions_spawn:").replace(":fail", ":failed") for call in row["calls"]]
        assert outcomes(draft) == wanted


def test_order_of_sources_does_not_matter(read: Readout, folder: str) -> None:
    paths = [Path(source.path) for source in read.sources]
    forward, backward = run(ADAPTER, *paths), run(ADAPTER, *reversed(paths))
    assert {d.execution_id: d for d in forward.executions} == {d.execution_id: d for d in backward.executions}
    assert forward.by_id().keys() == {draft.execution_id for draft in read.executions}
