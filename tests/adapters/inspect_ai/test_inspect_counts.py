"""The real files against independent counts, and the same logs in other forms."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma.adapters.inspect_ai import ADAPTER
from soma.adapters.registry import adapters, recognise
from soma.model import ExecutionDraft
from tests.adapters.reading import Readout, head_of, sniff

from .logs import pack, read, samples_of

FILES = (
    "2025-05-12T20-27-36-04-00_browser.json",
    "2025-05-12T20-28-13-04-00_no-samples.json",
    "2025-05-12T20-28-13-04-00_popularity.json",
    "log_message_deduplication.eval",
    "log_streaming.eval",
    "log_tool_call_error.json",
)


def orphans_of(samples: list[dict[str, Any]]) -> Counter[str]:
    """Results whose call is nowhere in the log, by function."""
    orphans: Counter[str] = Counter()
    for sample in samples:
        messages = sample["messages"]
        asked = {call["id"] for message in messages for call in message.get("tool_calls") or []}
        results = [message for message in messages if message["role"] == "tool"]
        orphans.update(message["function"] for message in results if message["tool_call_id"] not in asked)
    return orphans


def tokens_of(execution: ExecutionDraft) -> int:
    used = (execution.tokens_in, execution.tokens_out, execution.tokens_cache_read, execution.tokens_cache_write)
    return sum(count or 0 for count in used)


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES)
def test_every_number_that_was_counted_independently(corpus: Path, name: str) -> None:
    entries = json.loads((corpus / "EXPECTED.json").read_text())["inspect"]
    assert sorted(entry["file"] for entry in entries) == sorted(FILES)
    (expected,) = (entry for entry in entries if entry["file"] == name)
    path = corpus / "inspect" / name
    samples, out = samples_of(path), read(path)
    executions = list(out.by_id().values())
    decisions = [decision for execution in executions for decision in execution.decisions]
    assert out.damage == []
    assert len(executions) == expected["samples"]
    # Results without a call are counted as calls of the function they name: it did run.
    assert Counter(d.tool for d in decisions) == Counter(expected["tools"]) + orphans_of(samples)
    assert Counter(d.error.split(":")[0] for d in decisions if d.error is not None) == expected["tool_errors"]
    assert sum(execution.status == "failed" for execution in executions) == expected["sample_errors"]
    said = [
        f"{name.removeprefix('score.')}={value}"
        for execution in executions
        for name, value in execution.labels.items()
        if name.startswith("score.")
    ]
    assert Counter(said) == expected["scores"]
    assert sum(map(tokens_of, executions)) == expected["tokens"]
    assert sum(d.started_at is not None for d in decisions) == expected["events"].get("tool", 0)
    for execution in executions:
        assert execution.labels["evaluation"] == expected["status"]
        assert execution.model == expected["model"]
        if expected["task"] != "...":
            assert (execution.task_id or "").startswith(f"inspect:{expected['task']}:")
    match = sniff(ADAPTER, path)
    assert match is not None
    assert match.confidence == 1.0
    if path.suffix == ".json":
        assert match.variant == f"json-v{expected['version']}"


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES)
def test_no_other_adapter_is_surer(corpus: Path, name: str) -> None:
    others = [adapter for adapter in adapters() if adapter.name != ADAPTER.name]
    found = recognise(head_of(corpus / "inspect" / name), [*others, ADAPTER])
    assert found is not None
    assert found[0] is ADAPTER


def test_calls_results_and_times_of_a_browsing_agent(fixtures: Path) -> None:
    path = fixtures / "inspect" / "browser.json"
    (execution,) = read(path).executions
    (sample,) = samples_of(path)
    events = [event for event in sample["events"] if event["event"] == "tool"]
    assert [d.native_id for d in execution.decisions] == [event["id"] for event in events]
    assert [d.arguments for d in execution.decisions] == [event["arguments"] for event in events]
    assert [d.duration_ms for d in execution.decisions] == [
        round(event["working_time"] * 1e6) / 1e3 for event in events
    ]
    assert all((d.output or "").startswith("[") and d.outcome == "ok" for d in execution.decisions)
    assert (execution.status, execution.success, execution.success_from) == ("completed", True, "evaluation")
    assert (execution.tokens_in, execution.tokens_cache_read, execution.tokens_out) == (15235 - 9088, 9088, 281)
    first = execution.decisions[0]
    assert (first.tokens_in, first.tokens_out, first.model) == (1124, 23, "openai/gpt-4o-mini")
    assert (execution.ended_at or 0) - (execution.started_at or 0) == pytest.approx(sample["total_time"] * 1e6, rel=0.1)
    # 4 of the 5 answers made a call; the last one only spoke.
    assert sum(d.tokens_out or 0 for d in execution.decisions) == 281 - 207


def test_every_epoch_is_an_execution_of_the_same_task(fixtures: Path) -> None:
    executions = list(read(fixtures / "inspect" / "log_streaming.eval").by_id().values())
    assert Counter(e.task_id for e in executions) == {"inspect:popularity:1": 2, "inspect:popularity:2": 2}
    assert sorted((e.task_id, e.labels["epoch"], e.success) for e in executions) == [
        ("inspect:popularity:1", "1", False),
        ("inspect:popularity:1", "2", True),
        ("inspect:popularity:2", "1", True),
        ("inspect:popularity:2", "2", True),
    ]
    assert {e.session_id for e in executions} == {"3RWm2YmdLiKCyQMzEcERin"}


def test_a_cancelled_evaluation_does_not_fail_its_finished_samples(fixtures: Path) -> None:
    executions = read(fixtures / "inspect" / "2025-05-12T20-28-13-04-00_popularity.json").executions
    assert [(e.status, e.success) for e in executions] == [
        ("completed", True),
        ("completed", True),
        ("completed", False),
    ]


def test_a_log_without_samples_holds_no_execution(fixtures: Path) -> None:
    out = read(fixtures / "inspect" / "2025-05-12T20-28-13-04-00_no-samples.json")
    assert (out.executions, out.damage) == ([], [])


def test_a_record_is_found_again_at_its_bytes(fixtures: Path) -> None:
    path = fixtures / "inspect" / "2025-05-12T20-28-13-04-00_popularity.json"
    data = path.read_bytes()
    for execution, raw in zip(read(path).executions, samples_of(path), strict=True):
        assert json.loads(data[execution.offset : execution.offset + execution.length]) == raw
    packed = fixtures / "inspect" / "log_streaming.eval"
    for execution in read(packed).executions:
        member = packed.read_bytes()[execution.offset : execution.offset + execution.length]
        assert member.startswith(b"PK\x03\x04")
        assert f"samples/{(execution.task_id or '')[-1]}_epoch_{execution.labels['epoch']}".encode() in member


def placeless(out: Readout) -> list[dict[str, Any]]:
    """Executions without the positions of their bytes, in the order of their ids."""

    def stripped(draft: Any) -> dict[str, Any]:
        return {k: v for k, v in msgspec.to_builtins(draft).items() if k not in ("source_id", "offset", "length")}

    ordered = sorted(out.executions, key=lambda execution: execution.execution_id)
    return [stripped(execution) | {"decisions": list(map(stripped, execution.decisions))} for execution in ordered]


@pytest.mark.parametrize("name", ["browser.json", FILES[2], FILES[5]])
def test_the_same_log_packed_is_the_same(fixtures: Path, tmp_path: Path, name: str) -> None:
    path = fixtures / "inspect" / name
    raw = json.loads(path.read_text())
    header = {key: value for key, value in raw.items() if key != "samples"}
    started = {key: header[key] for key in ("version", "eval", "plan")}
    members = {f"samples/{s['id']}_epoch_{s['epoch']}.json": s for s in raw["samples"]}
    packed = pack(tmp_path / "a.eval", {"_journal/start.json": started, **members, "header.json": header})
    assert placeless(read(packed)) == placeless(read(path))
    match = sniff(ADAPTER, packed)
    assert match is not None
    assert match.variant == "eval"


def test_a_log_that_is_still_written_is_read_by_its_journal(fixtures: Path, tmp_path: Path) -> None:
    raw = json.loads((fixtures / "inspect" / "browser.json").read_text())
    started = {key: raw[key] for key in ("version", "eval", "plan")}
    path = pack(tmp_path / "a.eval", {"_journal/start.json": started, "samples/1_epoch_1.json": raw["samples"][0]})
    (execution,) = read(path).executions
    assert execution.model == "openai/gpt-4o-mini"
    assert "evaluation" not in execution.labels
    assert execution.success is True
