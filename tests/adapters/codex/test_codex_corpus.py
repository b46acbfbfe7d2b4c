"""Real rollouts and streams against the figures an independent program counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.codex import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters.reading import run, sniff

pytestmark = pytest.mark.corpus
FOLDERS = ("agent-history", "exec-stream", "scrubbed")


def expected_of(corpus: Path, folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "EXPECTED.json").read_text())[f"codex/{folder}"]
    return found


def read(corpus: Path, folder: str) -> tuple[list[Path], list[ExecutionDraft]]:
    paths = sorted((corpus / "codex" / folder).iterdir())
    out = run(ADAPTER, *paths)
    assert out.damage == []
    return paths, list(out.by_id().values())


def lines_of(paths: list[Path]) -> list[list[dict[str, Any]]]:
    return [[json.loads(line) for line in path.read_text().splitlines()] for path in paths]


def decisions_of(runs: list[ExecutionDraft]) -> list[DecisionDraft]:
    return [decision for execution in runs for decision in execution.decisions]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_call_is_a_decision_with_its_result(corpus: Path, folder: str) -> None:
    expected = expected_of(corpus, folder)
    paths, runs = read(corpus, folder)
    assert len(paths) == len(runs) == expected["files"]
    assert sum(len(lines) for lines in lines_of(paths)) == expected["lines"]
    decisions = decisions_of(runs)
    # The counter counts the calls of rollouts; in a stream a call is an item of one of these kinds.
    streamed = sum(expected.get(f"stream_item_{kind}", 0) for kind in ("command_execution", "file_change"))
    assert len(decisions) == expected["tool_calls"] + streamed
    assert sum(decision.output is not None for decision in decisions) == expected["tool_results"] + streamed
    assert sum(decision.output is None for decision in decisions) == expected["missing_results"]
    assert sum(decision.tool == "unknown" for decision in decisions) == expected["orphan_results"]
    if "tools.shell" in expected:
        assert Counter(decision.tool for decision in decisions) == {"shell": expected["tools.shell"]}


@pytest.mark.parametrize("folder", FOLDERS)
def test_turns_are_prompts(corpus: Path, folder: str) -> None:
    paths, runs = read(corpus, folder)
    turns = sum(int(execution.labels.get("turns", 0)) for execution in runs)
    started = sum(line["type"] == "turn.started" for lines in lines_of(paths) for line in lines)
    assert turns == expected_of(corpus, folder).get("prompts", 0) + started
    assert turns > 0


def test_failures_are_told_by_exit_code_and_by_text(corpus: Path) -> None:
    expected = expected_of(corpus, "scrubbed")
    outcomes = Counter(decision.outcome for decision in decisions_of(read(corpus, "scrubbed")[1]))
    assert outcomes["failed"] == expected["failures"] + expected["text_failures"]
    assert outcomes["ok"] == expected["with_exit_code"] - expected["failures"]
    assert sum(outcomes.values()) == outcomes["failed"] + outcomes["ok"]
    measured = [decision.duration_ms is not None for decision in decisions_of(read(corpus, "scrubbed")[1])]
    # Results without an exit code have no duration either: call and answer were written at one instant.
    assert sum(measured) == expected["with_exit_code"]


def test_tokens_are_the_segments_of_the_running_total(corpus: Path) -> None:
    paths, runs = read(corpus, "scrubbed")
    resets = 0
    for lines, execution in zip(lines_of(paths), sorted(runs, key=lambda run: run.started_at or 0), strict=True):
        segments: list[dict[str, int]] = []
        for line in lines:
            info = line["payload"].get("info") if line["payload"].get("type") == "token_count" else None
            if info and segments and info["total_token_usage"]["total_tokens"] >= segments[-1]["total_tokens"]:
                segments[-1] = info["total_token_usage"]
            elif info:
                segments.append(info["total_token_usage"])
        resets += len(segments) - 1
        given, cached, produced = (
            sum(segment[name] for segment in segments)
            for name in ("input_tokens", "cached_input_tokens", "output_tokens")
        )
        assert (execution.tokens_in, execution.tokens_cache_read) == (given - cached, cached)
        assert execution.tokens_out == produced
        made = [decision.tokens_out for decision in execution.decisions if decision.tokens_out is not None]
        assert len(made) == len(execution.decisions) and sum(made) <= produced
    assert resets == expected_of(corpus, "scrubbed")["token_resets"]


def test_a_rollout_reasons_once(corpus: Path) -> None:
    paths, runs = read(corpus, "scrubbed")
    reasons = [decision.reasoning for decision in decisions_of(runs) if decision.reasoning]
    said = [line["payload"]["text"] for lines in lines_of(paths) for line in lines
            if line["payload"].get("type") == "agent_reasoning"]  # fmt: skip
    assert not any("summary_text" in reason for reason in reasons)
    parts = [part for reason in reasons for part in reason.split("\n")]
    spoken = [part for part in parts if part.startswith("agent_reasoning")]
    assert Counter(spoken) <= Counter(said)
    assert len(spoken) > 0.9 * len(said)


def test_streams_say_how_their_turns_ended(corpus: Path) -> None:
    _, runs = read(corpus, "exec-stream")
    assert Counter(execution.status for execution in runs) == {"completed": 5, "unknown": 1}
    spent = [(execution.tokens_in or 0) + (execution.tokens_cache_read or 0) for execution in runs]
    assert sorted(spent) == [0, 2946, 6008, 6040, 6086, 6087]


def test_only_codex_is_claimed(corpus: Path) -> None:
    for path in sorted(corpus.rglob("*")):
        if path.is_file():
            match = sniff(ADAPTER, path)
            assert (match is not None) == ("codex" in path.parts), path
            assert match is None or match.confidence == 1.0
