"""Real sessions against the figures an independent program counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.claude_code import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters.reading import Readout, run, sniff

pytestmark = pytest.mark.corpus
FOLDERS = ("agent-history", "agentcmd", "claude-code-log", "scout", "simonw", "vsla")
TOKENS = {
    "input_tokens": "tokens_in",
    "output_tokens": "tokens_out",
    "cache_creation_input_tokens": "tokens_cache_write",
    "cache_read_input_tokens": "tokens_cache_read",
}
# How user lines begin that no user wrote as a request; the counter of EXPECTED.json takes them for prompts.
NO_REQUEST = ("<local-command", "Caveat: The messages below", "[Request interrupted by user")


def expected_of(corpus: Path, folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "EXPECTED.json").read_text())[f"claude-code/{folder}"]
    return found


def files_of(corpus: Path, folder: str) -> list[Path]:
    return sorted((corpus / "claude-code" / folder).rglob("*.jsonl"))


def objects_of(path: Path) -> list[dict[str, Any]]:
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        value = json.loads(text) if text.strip() else None
        if isinstance(value, dict):
            found.append(value)
    return found


def decisions_of(outs: list[Readout]) -> list[tuple[ExecutionDraft, DecisionDraft]]:
    return [(run, decision) for out in outs for run in out.executions for decision in run.decisions]


def tokens_of(outs: list[Readout]) -> dict[str, int]:
    runs = [execution for out in outs for execution in out.executions]
    return {name: sum(getattr(run, field) or 0 for run in runs) for name, field in TOKENS.items()}


def content_of(line: dict[str, Any]) -> list[dict[str, Any]]:
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content or [] if isinstance(block, dict)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_alone_gives_the_counted_calls(corpus: Path, folder: str) -> None:
    expected = expected_of(corpus, folder)
    files = files_of(corpus, folder)
    assert len(files) == expected["files"]
    decisions = decisions_of([run(ADAPTER, path) for path in files])
    # A result whose call is in no line read is a decision with the tool "unknown"; EXPECTED counts it apart.
    orphans = [decision for _, decision in decisions if decision.tool == "unknown"]
    calls = [(execution, decision) for execution, decision in decisions if decision.tool != "unknown"]
    assert len(orphans) == expected["orphan_results"]
    assert len(calls) == expected["tool_calls"]
    assert Counter(decision.tool for _, decision in calls) == expected["tools"]
    answered = [decision for _, decision in decisions if decision.output is not None]
    assert len(answered) == expected["tool_results"]
    # EXPECTED's errors are is_error flags: a rejected call carries one too, and is no failure of the agent.
    assert sum(decision.error is not None for decision in answered) == expected["tool_errors"]
    assert sum(decision.output is None for _, decision in calls) == expected["missing_results"]
    in_sub_agents = sum(decision.tool != "" for execution, decision in calls if "~" in execution.execution_id)
    assert in_sub_agents == expected.get("sidechain_calls", 0)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_alone_gives_the_tokens_of_each_message_once(corpus: Path, folder: str) -> None:
    expected = expected_of(corpus, folder)
    outs = [run(ADAPTER, path) for path in files_of(corpus, folder)]
    assert tokens_of(outs) == {name: expected[f"tokens_dedup.{name}"] for name in TOKENS}


@pytest.mark.parametrize("folder", ["agentcmd", "vsla"])
def test_parallel_calls_share_one_message(corpus: Path, folder: str) -> None:
    groups: Counter[tuple[str, str, int]] = Counter()
    for path in files_of(corpus, folder):
        for execution in run(ADAPTER, path).executions:
            message = 0
            for decision in execution.decisions:
                message += decision.tokens_in is not None
                groups[path.name, execution.execution_id, message] += 1
    assert sum(size > 1 for size in groups.values()) == expected_of(corpus, folder)["parallel_groups"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_turns_are_the_counted_prompts_that_a_user_made(corpus: Path, folder: str) -> None:
    turns = wrong = 0
    for path in files_of(corpus, folder):
        turns += sum(int(execution.labels.get("turns", 0)) for execution in run(ADAPTER, path).executions)
        lines = [line for line in objects_of(path) if line.get("type") == "user"]
        for index, line in enumerate(lines):
            blocks = content_of(line)
            if (
                any(block["type"] == "tool_result" for block in blocks)
                or line.get("isMeta")
                or line.get("isCompactSummary")
            ):
                continue
            if not isinstance(line.get("message"), dict):
                continue
            text = "".join(str(block.get("text", "")) for block in blocks).strip()
            following = "".join(str(block.get("text", "")) for block in content_of(lines[(index + 1) % len(lines)]))
            local = text.startswith("<command-") and (
                "/clear<" in text or "/exit<" in text or following.startswith("<local-command")
            )
            wrong += not text or text.startswith(NO_REQUEST) or local
    expected = expected_of(corpus, folder)
    assert turns + wrong == expected["prompts"]
    assert turns > 0


@pytest.mark.parametrize("folder", FOLDERS)
def test_copies_count_once_when_a_folder_is_read_together(corpus: Path, folder: str) -> None:
    """EXPECTED sums files; two pairs of agentcmd are copies and its cuts repeat lines, so they are counted here."""
    files = files_of(corpus, folder)
    calls: dict[str, str] = {}
    results: set[str] = set()
    usage: dict[tuple[Any, Any], dict[str, Any]] = {}
    seen: set[tuple[Any, Any]] = set()
    for path in files:
        for line in objects_of(path):
            identity = (line.get("uuid"), line.get("timestamp"))
            if line.get("type") not in ("user", "assistant") or identity in seen:
                continue
            seen.add(identity)
            if line["type"] == "assistant":
                usage[line["message"].get("id") or line["uuid"], line.get("requestId")] = (
                    line["message"].get("usage") or {}
                )
            for block in content_of(line):
                if block["type"] == "tool_use":
                    calls.setdefault(block["id"], block["name"])
                elif block["type"] == "tool_result":
                    results.add(block["tool_use_id"])
    out = run(ADAPTER, *files)
    out.by_id()
    decisions = decisions_of([out])
    assert Counter(decision.tool for _, decision in decisions) == Counter(calls.values())
    assert sum(decision.output is None for _, decision in decisions) == len(set(calls) - results)
    assert {decision.native_id for _, decision in decisions} == set(calls) | results
    assert tokens_of([out]) == {name: sum(used.get(name) or 0 for used in usage.values()) for name in TOKENS}


def test_identical_files_and_cuts_change_nothing(corpus: Path) -> None:
    folder = corpus / "claude-code" / "agentcmd"
    alone = run(ADAPTER, folder / "full-session.jsonl").executions[0]
    family = [
        folder / "full-session.jsonl",
        folder / "full-session-three.jsonl",
        *sorted((folder / "individual").iterdir()),
    ]
    forth, back = run(ADAPTER, *family), run(ADAPTER, *reversed(family))
    assert forth.by_id() == back.by_id()
    together = forth.by_id()[alone.execution_id]
    assert [decision.native_id for decision in together.decisions] == [
        decision.native_id for decision in alone.decisions
    ]
    assert (together.tokens_in, together.tokens_cache_read) == (alone.tokens_in, alone.tokens_cache_read)


def test_lines_that_are_no_object_are_damage(corpus: Path) -> None:
    for folder in FOLDERS:
        damage = [item.reason for path in files_of(corpus, folder) for item in run(ADAPTER, path).damage]
        bad = [reason for reason in damage if reason.startswith("a JSON ")]
        assert len(bad) == expected_of(corpus, folder).get("bad_lines", 0)


def test_only_claude_code_is_claimed(corpus: Path) -> None:
    for path in sorted((corpus / "claude-code").rglob("*.json*")):
        match = sniff(ADAPTER, path)
        assert match is not None and match.confidence >= 0.9, path
    for path in sorted(corpus.rglob("*")):
        if path.is_file() and "claude-code" not in path.parts:
            assert sniff(ADAPTER, path) is None, path


def test_known_sessions(corpus: Path) -> None:
    folder = corpus / "claude-code" / "vsla"
    runs = run(ADAPTER, *folder.iterdir()).by_id()
    session = "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d"
    main, child = runs[session], runs[f"{session}~eb46ebab-34ee-4cfb-aae8-e5a010b2b20f"]
    assert main.agent_id == "vsla"
    assert main.labels["compactions"] == "1"
    assert child.parent_execution_id == session
    assert child.parent_decision_id == f"{session}#toolu_015gA7vJ4Yf3MwmHnvbS5ArK"
    assert child.agent_id == "general"
    assert len(child.decisions) == 15
    task = next(decision for decision in main.decisions if decision.tool == "Task")
    assert (task.kind, task.action, task.duration_ms) == ("delegation", "delegate:general", 73366.0)
    # No line of a request, an answer or a call: nothing ran.
    assert not any("c001d2c0" in name or "9b92ce83" in name for name in runs)
