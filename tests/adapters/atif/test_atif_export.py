"""What is exported is an ATIF trajectory, and harvested back it is the run it was made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma import codec
from soma.adapters.agentflow import ADAPTER as AGENTFLOW
from soma.adapters.atif import ADAPTER
from soma.adapters.contract import Adapter
from soma.adapters.generic import ADAPTER as GENERIC
from soma.adapters.langchain import ADAPTER as LANGCHAIN
from soma.adapters.openclaw import ADAPTER as OPENCLAW
from soma.adapters.otel import ADAPTER as OTEL
from soma.errors import NothingFound
from soma.model import DecisionDraft, ExecutionDraft
from soma.synthesizer.export.atif import export_atif
from tests.adapters.reading import run

from .rows import Snapshot

SAME = (
    "step", "turn", "kind", "action", "tool", "role", "arguments", "outcome", "error", "output", "reasoning",
    "alternatives", "confidence", "started_at", "duration_ms", "tokens_in", "tokens_out", "cost_usd", "model",
    "agent_id",
)  # fmt: skip
SAME_RUN = (
    "agent_id", "task_id", "task_text", "model", "status", "success", "success_from", "score", "error", "started_at",
    "ended_at", "decisions", "ok", "failed", "timeout", "skipped", "unknown", "tokens_in", "tokens_out",
    "tokens_cache_read", "tokens_cache_write", "cost_usd", "signature", "operator_id", "team_id", "instance_id",
)  # fmt: skip
REAL: list[tuple[Adapter, str]] = [
    (OPENCLAW, "openclaw/run-2026.4.26/agents/main/sessions/s-unknown.jsonl"),
    (OPENCLAW, "openclaw/run-2026.4.26/agents/auditor/sessions/a-inventory.jsonl"),
    (OPENCLAW, "openclaw/run-2026.9.6/agents/main/agent/openclaw-agent.sqlite"),
    (OPENCLAW, "openclaw/pi-v1/large-session.jsonl"),
    (LANGCHAIN, "langchain/runs_flat.jsonl"),
    (OTEL, "otel/any-agent-google.json"),
    (OTEL, "otel/openllmetry-langchain.jsonl"),
    (AGENTFLOW, "agentflow/curator-0.json"),
    (AGENTFLOW, "agentflow/mailer-3.json"),
    (GENERIC, "generic/tau-bench/retail_10_runs.json"),
    (ADAPTER, "atif/openhands.json"),
]


def back(path: Path, trajectory: dict[str, Any]) -> tuple[Snapshot, str]:
    """The trajectory written, read by the adapter and turned into rows again."""
    path.write_text(codec.pretty(trajectory))
    out = run(ADAPTER, path)
    assert out.damage == []
    (draft,) = out.executions
    snapshot = Snapshot(ADAPTER, [draft])
    return snapshot, snapshot.ids()[0]


def check_shape(trajectory: dict[str, Any]) -> None:
    """The rules of ATIF-v1.7 that a validator would check."""
    assert trajectory["schema_version"] == "ATIF-v1.7"
    assert isinstance(trajectory["session_id"], str) and isinstance(trajectory["agent"]["name"], str)
    assert isinstance(trajectory["agent"]["version"], str)
    assert [step["step_id"] for step in trajectory["steps"]] == list(range(1, len(trajectory["steps"]) + 1))
    for step in trajectory["steps"]:
        assert step["source"] in {"user", "agent", "system"} and isinstance(step["message"], str)
        if step["source"] != "agent":
            assert step.keys() <= {"step_id", "source", "message", "timestamp", "extra"}
            continue
        calls = {call["tool_call_id"] for call in step["tool_calls"]}
        assert all(isinstance(call["arguments"], dict) and call["function_name"] for call in step["tool_calls"])
        for result in step.get("observation", {}).get("results", []):
            assert result["source_call_id"] in calls and isinstance(result["content"], str)
    json.dumps(trajectory, allow_nan=False)


@pytest.mark.parametrize(("adapter", "name"), REAL, ids=[name for _, name in REAL])
def test_a_real_run_comes_back_as_it_was(adapter: Adapter, name: str, fixtures: Path, tmp_path: Path) -> None:
    before = Snapshot(adapter, run(adapter, fixtures / name).by_id().values())
    decided: list[str | None] = []
    for execution_id in before.ids():
        trajectory = export_atif(before, execution_id)
        check_shape(trajectory)
        after, again = back(tmp_path / "run.json", trajectory)
        assert after.decisions(SAME, again) == before.decisions(SAME, execution_id)
        assert after.execution(SAME_RUN, again) == before.execution(SAME_RUN, execution_id)
        decided += [row["arguments"] or row["output"] for row in after.decisions(SAME, again)]
    assert any(decided)


def odd() -> ExecutionDraft:
    """A run in which ATIF lacks a field for nearly everything."""
    calls: list[dict[str, Any]] = [
        {"tool": "exec", "arguments": {"command": "ls"}, "outcome": "timeout", "error": "too slow",
         "duration_ms": 0.25},
        {"tool": "router", "arguments": None, "action": "branch:left", "kind": "branch", "confidence": 0.5,
         "alternatives": ["left", "right"], "outcome": "ok", "output": ""},
        {"tool": "", "arguments": "just text", "action": "guard:rate", "kind": "guard", "outcome": "skipped",
         "turn": 3},
        {"tool": "read", "arguments": "[1, 2]", "outcome": "unknown", "started_at": 1_795_215_521_000_001, "turn": 7},
        {"tool": "write", "arguments": {"text": "x" * 9000}, "outcome": "failed", "output": "o" * 9000,
         "error": "e" * 9000},
    ]  # fmt: skip
    return ExecutionDraft(
        execution_id="x:1", framework="x", agent_id="a", status="failed", success=False, success_from="reward",
        score=0.25,
        error="it broke", tokens_in=10, tokens_out=2, tokens_cache_read=3, tokens_cache_write=4, cost_usd=0.5,
        labels={"trigger": "cron"}, decisions=[DecisionDraft(**call) for call in calls],
    )  # fmt: skip


def test_what_atif_cannot_say_comes_back_too(tmp_path: Path) -> None:
    before = Snapshot(OPENCLAW, [odd()])
    trajectory = export_atif(before, "x:1")
    check_shape(trajectory)
    after, again = back(tmp_path / "run.json", trajectory)
    assert after.decisions(SAME, again) == before.decisions(SAME, "x:1")
    assert after.execution((*SAME_RUN, "labels"), again) == before.execution((*SAME_RUN, "labels"), "x:1")
    usage = trajectory["final_metrics"]
    assert usage["total_prompt_tokens"] == 17 and usage["total_cached_tokens"] == 3 and usage["total_cost_usd"] == 0.5
    assert trajectory["steps"][0]["observation"]["results"][0]["content"] == "too slow"


def test_a_run_nobody_harvested_cannot_be_exported() -> None:
    with pytest.raises(NothingFound):
        export_atif(Snapshot(OPENCLAW, [odd()]), "x:2")
