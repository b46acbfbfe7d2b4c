"""The real event files, against independent counts and against the transcripts of the same sessions."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.openclaw import ADAPTER as OPENCLAW
from soma.adapters.openclaw_events import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import run, sniff

from .events import one

pytestmark = pytest.mark.corpus


def expected(corpus: Path, name: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "EXPECTED.json").read_text())[f"openclaw/{name}"][kind]
    return found


def lines(paths: list[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def sidecars(corpus: Path) -> list[Path]:
    return sorted((corpus / "openclaw" / "run-2026.4.26").rglob("*.trajectory.jsonl"))


def exports(corpus: Path) -> list[Path]:
    return sorted((corpus / "openclaw" / "run-2026.9.6").rglob("events.jsonl"))


def transcript_of(corpus: Path, draft: ExecutionDraft) -> ExecutionDraft:
    folder = corpus / "openclaw"
    session = draft.session_id
    paths = [*folder.glob(f"run-2026.4.26/agents/*/sessions/{session}.jsonl")]
    paths = paths or [*folder.glob("run-2026.9.6/agents/main/agent/openclaw-agent.sqlite")]
    (found,) = (item for path in paths for item in run(OPENCLAW, path).executions if item.session_id == session)
    return found


def test_sidecars(corpus: Path) -> None:
    numbers = expected(corpus, "run-2026.4.26", "trajectory")
    paths = sidecars(corpus)
    drafts = [one(path) for path in paths]
    events = lines(paths)
    assert (len(paths), len(events)) == (numbers["files"], numbers["lines"])
    said = [event["data"]["finalStatus"] for event in events if event["type"] == "trace.artifacts"]
    assert said == ["success"] * numbers["status.success"]
    # One of them says so although every call of the model failed; the messages say how it really ended.
    assert Counter(draft.status for draft in drafts) == {"completed": numbers["status.success"] - 1, "failed": 1}
    assert [draft.execution_id for draft in drafts if draft.status == "failed"] == ["oc:events:s-outage"]


def test_exports_hold_every_call_twice_and_it_counts_once(corpus: Path) -> None:
    numbers = expected(corpus, "run-2026.9.6", "trajectory")
    paths = exports(corpus)
    events = lines(paths)
    assert (len(paths), len(events)) == (numbers["files"], numbers["lines"])
    named = [e["data"] for e in events if e["type"] in {"tool.call", "tool.result"}]
    assert Counter(str(data.get("name")) for data in named) == {
        key.removeprefix("tools."): count for key, count in numbers.items() if key.startswith("tools.")
    }
    drafts = [one(path) for path in paths]
    calls = {data["toolCallId"]: data["name"] for data in named if data.get("name")}
    nested = [call for call in calls if call.startswith("tool_search_code:")]
    # The nested call is what the wrapper ``tool_call`` stands for: one decision, named for the tool that ran.
    decisions = [decision for draft in drafts for decision in draft.decisions]
    assert len(decisions) == len(calls) - len(nested) == 5
    assert {decision.native_id for decision in decisions} == calls.keys() - set(nested)
    assert Counter(decision.tool for decision in decisions) == Counter(
        {"tool_call": "sessions_spawn"}.get(name, name) for call, name in calls.items() if call not in nested
    )
    ends = [event for event in events if event["type"] == "session.ended"]
    assert len(ends) == numbers["status.success"]
    assert {draft.status for draft in drafts} == {"completed"}


def test_an_export_tells_what_the_transcript_tells(corpus: Path) -> None:
    for path in exports(corpus):
        draft = one(path)
        transcript = transcript_of(corpus, draft)
        for mine, theirs in zip(draft.decisions, transcript.decisions, strict=True):
            for name in ("tool", "action", "kind", "turn", "outcome", "started_at", "duration_ms", "native_id", "model",
                         "tokens_in", "tokens_out", "cost_usd", "reasoning"):  # fmt: skip
                assert getattr(mine, name) == getattr(theirs, name)
            assert mine.global_id is None
        for name in ("framework", "agent_id", "session_id", "task_text", "model", "status", "error", "started_at",
                     "ended_at", "tokens_in", "tokens_out", "tokens_cache_read", "cost_usd"):  # fmt: skip
            assert getattr(draft, name) == getattr(transcript, name)


def test_a_sidecar_tells_the_same_decisions_without_their_start(corpus: Path) -> None:
    for path in sidecars(corpus):
        draft = one(path)
        transcript = transcript_of(corpus, draft)
        assert len(draft.decisions) == len(transcript.decisions)
        for mine, theirs in zip(draft.decisions, transcript.decisions, strict=True):
            for name in ("tool", "arguments", "outcome", "output", "error", "native_id", "tokens_in", "cost_usd",
                         "turn", "reasoning", "model"):  # fmt: skip
                assert getattr(mine, name) == getattr(theirs, name)
            assert mine.started_at is None
        for name in ("agent_id", "session_id", "status", "error", "tokens_in", "tokens_out", "cost_usd", "model"):
            assert getattr(draft, name) == getattr(transcript, name)


def test_known_outcomes_of_every_session(corpus: Path) -> None:
    known = {
        (item["version"], item["session"]): item
        for item in json.loads((corpus / "openclaw" / "expected_outcomes.json").read_text())
    }
    for version, paths in (("2026.4.26", sidecars(corpus)), ("2026.9.6", exports(corpus))):
        for path in paths:
            draft = one(path)
            found = [f"{d.tool}:{'ok' if d.outcome == 'ok' else 'fail'}" for d in draft.decisions]
            item = known[version, draft.session_id or ""]
            # What ran through the wrapper is named for itself.
            assert found == [told.replace("tool_call:", "sessions_spawn:") for told in item["calls"]]
            assert bool(item["model_error"]) == (draft.status == "failed")


def test_telemetry(corpus: Path) -> None:
    numbers = expected(corpus, "telemetry", "telemetry")
    paths = sorted((corpus / "openclaw" / "telemetry").iterdir())
    events = lines(paths)
    out = [run(ADAPTER, path) for path in paths]
    drafts = [draft for part in out for draft in part.by_id().values()]
    decisions = [decision for draft in drafts for decision in draft.decisions]
    assert (len(paths), len(events)) == (numbers["files"], numbers["lines"])
    assert Counter(decision.tool for decision in decisions) == {
        key.removeprefix("tools."): count for key, count in numbers.items() if key.startswith("tools.")
    }
    lasted = [decision.duration_ms for decision in decisions if decision.duration_ms is not None]
    assert (len(lasted), sum(lasted)) == (numbers["duration_n"], numbers["duration_ms_sum"])
    # All calls came back, but only where a result is known does that say how a command went.
    assert numbers["status.ok"] == len(decisions)
    assert {decision.outcome for decision in decisions if decision.tool not in {"exec"}} == {"ok"}
    assert Counter(decision.outcome for decision in decisions if decision.tool == "exec") == {"unknown": 7, "ok": 1}
    keys = {(path, event["sessionKey"]) for path in paths for event in lines([path]) if "sessionKey" in event}
    assert len(drafts) == len(keys)


def test_every_file_is_claimed_by_one_of_the_two_adapters(corpus: Path) -> None:
    for path in sorted((corpus / "openclaw").rglob("*.json*")):
        claims = [adapter.name for adapter in (ADAPTER, OPENCLAW) if sniff(adapter, path) is not None]
        assert len(claims) <= 1
        if path.name.endswith((".trajectory.jsonl", "events.jsonl", "telemetry.jsonl")):
            assert claims == ["openclaw-events"]
