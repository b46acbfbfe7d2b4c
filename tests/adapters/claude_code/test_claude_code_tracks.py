"""Sub-agents, rewinds, cleared and compacted conversations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma.adapters.claude_code import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import run

from .talk import Talk, uuid, write


def runs(*paths: Path) -> dict[str, ExecutionDraft]:
    return run(ADAPTER, *paths).by_id()


def test_a_sub_agent_in_the_same_file(fixtures: Path) -> None:
    found = runs(fixtures / "claude-code" / "sidechain.jsonl")
    session = "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d"
    child = found[f"{session}~eb46ebab-34ee-4cfb-aae8-e5a010b2b20f"]
    assert child.parent_decision_id == f"{session}#toolu_015gA7vJ4Yf3MwmHnvbS5ArK"
    assert (child.agent_id, child.session_id) == ("general", found[session].session_id)
    assert [decision.tool for decision in child.decisions] == ["Glob", *["Grep"] * 8, *["Read"] * 6]
    assert [decision.tool for decision in found[session].decisions] == ["Task"]
    assert child.task_text is not None and child.task_text.startswith("Search through all .tex files")


@pytest.mark.parametrize("name", ["agent-atest01.jsonl", "renamed.jsonl"])
def test_a_sub_agent_in_its_own_file(fixtures: Path, tmp_path: Path, name: str) -> None:
    alone = run(ADAPTER, fixtures / "claude-code" / "agent-atest01.jsonl").executions[0]
    assert (alone.agent_id, alone.parent_execution_id, alone.parent_decision_id) == (
        "subagent", "cc:test-session-004", None,
    )  # fmt: skip
    # Under another name nothing but the prompt tells which call started it.
    (tmp_path / name).write_bytes((fixtures / "claude-code" / "agent-atest01.jsonl").read_bytes())
    parent = fixtures / "claude-code" / "delegation.jsonl"
    for paths in ((parent, tmp_path / name), (tmp_path / name, parent)):
        child = runs(*paths)["cc:test-session-004~sidechain-001"]
        assert child.agent_id == "Explore"
        assert child.parent_decision_id == "cc:test-session-004#toolu_task_001"
        assert set(alone.claims) & set(runs(parent)["cc:test-session-004"].claims)


def delegating(talk: Talk, call_id: str, prompt: str, kind: str = "Explore") -> None:
    talk.call(call_id, "Agent", {"prompt": prompt, "subagent_type": kind}, message="delegating")


def working(talk: Talk, agent: str | None, prompt: str, call_id: str) -> None:
    fields: dict[str, Any] = {"isSidechain": True, **({"agentId": agent} if agent else {})}
    root = talk.prompt(prompt, parent=None, **fields)
    talk.call(call_id, parent=root["uuid"], **fields)
    talk.result(call_id, **fields)


def test_parallel_sub_agents_are_told_apart_by_what_the_results_say(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    delegating(talk, "toolu_a", "look", "Explore")
    delegating(talk, "toolu_b", "look", "Plan")
    working(talk, "bbb", "look", "toolu_1")
    working(talk, "aaa", "look", "toolu_2")
    talk.result("toolu_a", structured={"agentId": "aaa", "status": "completed", "totalDurationMs": 5})
    talk.line("progress", parentToolUseID="toolu_b", data={"type": "agent_progress", "agentId": "bbb"})
    found = runs(write(tmp_path / "s.jsonl", talk.lines))
    assert (found["cc:s-1~aaa"].agent_id, found["cc:s-1~aaa"].parent_decision_id) == ("Explore", "cc:s-1#toolu_a")
    assert (found["cc:s-1~bbb"].agent_id, found["cc:s-1~bbb"].parent_decision_id) == ("Plan", "cc:s-1#toolu_b")
    # The result of the call says that its sub-agent completed; of the other nothing is known.
    assert (found["cc:s-1~aaa"].status, found["cc:s-1~bbb"].status) == ("completed", "unknown")
    assert [decision.action for decision in found["cc:s-1"].decisions] == ["delegate:Explore", "delegate:Plan"]


def test_parallel_sub_agents_without_ids_are_matched_by_prompt_then_by_time(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    delegating(talk, "toolu_a", "find the bug", "Explore")
    delegating(talk, "toolu_b", "plan the fix", "Plan")
    working(talk, None, "plan the fix", "toolu_1")
    working(talk, None, "(the prompt, reworded)", "toolu_2")
    talk.result("toolu_a")
    talk.result("toolu_b")
    found = {execution.task_text: execution for execution in runs(write(tmp_path / "s.jsonl", talk.lines)).values()}
    assert found["plan the fix"].parent_decision_id == "cc:s-1#toolu_b"
    assert found["(the prompt, reworded)"].parent_decision_id == "cc:s-1#toolu_a"


def test_sub_agents_nest(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    delegating(talk, "toolu_outer", "outer")
    side: dict[str, Any] = {"isSidechain": True, "agentId": "out"}
    talk.prompt("outer", parent=None, **side)
    talk.call("toolu_inner", "Task", {"prompt": "inner", "subagent_type": "Plan"}, **side)
    working(talk, "in", "inner", "toolu_1")
    found = runs(write(tmp_path / "s.jsonl", talk.lines))
    assert found["cc:s-1~in"].parent_execution_id == "cc:s-1~out"
    assert found["cc:s-1~in"].parent_decision_id == "cc:s-1~out#toolu_inner"
    assert found["cc:s-1~out"].parent_decision_id == "cc:s-1#toolu_outer"


def test_what_an_interrupted_sub_agent_had_open_is_skipped(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    delegating(talk, "toolu_a", "look")
    root = talk.prompt("look", parent=None, isSidechain=True)
    talk.call("toolu_1", parent=root["uuid"], isSidechain=True)
    talk.prompt("[Request interrupted by user for tool use]")
    child = runs(write(tmp_path / "s.jsonl", talk.lines))[f"cc:s-1~{root['uuid']}"]
    assert (child.decisions[0].outcome, child.labels["ended"]) == ("skipped", "interrupted")


def test_a_message_replayed_in_the_sub_agents_file_counts_in_the_session(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    talk.call("toolu_0", message="shared")
    delegating(talk, "toolu_a", "look")
    side = Talk(first=50, second=10)
    side.call("toolu_0", message="shared", isSidechain=True, agentId="aaa")
    side.call("toolu_1", isSidechain=True, agentId="aaa")
    paths = write(tmp_path / "s-1.jsonl", talk.lines), write(tmp_path / "agent-aaa.jsonl", side.lines)
    found = runs(*paths)
    assert found == runs(*reversed(paths))
    assert [decision.native_id for decision in found["cc:s-1"].decisions] == ["toolu_0", "toolu_a"]
    assert [decision.native_id for decision in found["cc:s-1~aaa"].decisions] == ["toolu_1"]
    assert (found["cc:s-1"].tokens_in, found["cc:s-1~aaa"].tokens_in) == (20, 10)


def test_a_rewind_leaves_a_branch(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt("start")
    fork = talk.answer("ready")
    left = talk.prompt("try this")
    talk.call("toolu_left")
    talk.result("toolu_left")
    talk.prompt("no, try that", parent=fork["uuid"])
    talk.call("toolu_live")
    talk.result("toolu_live")
    talk.answer()
    found = runs(write(tmp_path / "s.jsonl", talk.lines))
    assert set(found) == {"cc:s-1", f"cc:s-1~{left['uuid']}"}
    main, branch = found["cc:s-1"], found[f"cc:s-1~{left['uuid']}"]
    assert [(decision.native_id, decision.turn) for decision in main.decisions] == [("toolu_live", 1)]
    assert [decision.native_id for decision in branch.decisions] == ["toolu_left"]
    assert (branch.parent_execution_id, branch.labels["branch"], branch.agent_id) == ("cc:s-1", "abandoned", "shop")
    assert "branch" not in main.labels
    # What the abandoned path cost was spent, and is counted there and nowhere else.
    assert (main.tokens_in, branch.tokens_in) == (30, 10)


def test_a_rewind_of_a_rewind(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt("start")
    fork = talk.answer("ready")
    for number in range(3):
        talk.prompt(f"try {number}", parent=fork["uuid"])
        talk.call(f"toolu_{number}")
    found = runs(write(tmp_path / "s.jsonl", talk.lines))
    assert {name: [decision.native_id for decision in execution.decisions] for name, execution in found.items()} == {
        "cc:s-1": ["toolu_2"], f"cc:s-1~{uuid(3)}": ["toolu_0"], f"cc:s-1~{uuid(5)}": ["toolu_1"],
    }  # fmt: skip


def test_parallel_calls_and_their_results_are_no_rewind(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    first = talk.call("toolu_1", message="m")
    second = talk.call("toolu_2", message="m")
    talk.result("toolu_1", parent=first["uuid"])
    talk.result("toolu_2", parent=second["uuid"])
    talk.answer()
    talk.prompt("next")
    assert list(runs(write(tmp_path / "s.jsonl", talk.lines))) == ["cc:s-1"]


def test_local_commands_are_neither_turns_nor_branches(fixtures: Path, tmp_path: Path) -> None:
    assert run(ADAPTER, fixtures / "claude-code" / "commands-only.jsonl").executions == []
    talk = Talk()
    root = talk.prompt(
        "Caveat: The messages below were generated by the user while running local commands.", isMeta=True
    )
    talk.prompt("<command-name>/model</command-name>\n<command-args>opus</command-args>", parent=root["uuid"])
    talk.prompt("<local-command-stdout>Set model</local-command-stdout>")
    talk.prompt("<command-name>/review</command-name>\n<command-args>the  diff</command-args>", parent=root["uuid"])
    talk.prompt("<system-reminder>be brief</system-reminder>")
    talk.call("toolu_1")
    (execution,) = runs(write(tmp_path / "s.jsonl", talk.lines)).values()
    assert (execution.task_text, execution.labels["turns"]) == ("/review the  diff", "1")


def test_clear_keeps_the_session_and_its_turns(fixtures: Path) -> None:
    (execution,) = runs(fixtures / "claude-code" / "cleared.jsonl").values()
    assert (execution.execution_id, execution.labels["clears"], execution.labels["turns"]) == (
        "cc:test-session-003",
        "1",
        "2",
    )
    assert execution.task_text == "First conversation message"


def test_a_new_session_after_clear_is_its_own_execution_with_the_same_slug(fixtures: Path) -> None:
    folder = fixtures / "claude-code"
    found = runs(folder / "slug-first.jsonl", folder / "slug-second.jsonl")
    assert set(found) == {"cc:session-clear", "cc:session-partner"}
    assert {execution.labels["slug"] for execution in found.values()} == {"clear-merge-slug"}
    assert all(execution.parent_execution_id is None for execution in found.values())
    first, second = (set(execution.claims) for execution in found.values())
    assert not first & second


def test_a_compaction_is_no_prompt(fixtures: Path) -> None:
    (execution,) = runs(fixtures / "claude-code" / "compaction.jsonl").values()
    assert (execution.labels["compactions"], execution.labels["turns"]) == ("1", "2")
    assert execution.task_text == "Start a long conversation"


def test_a_windows_folder_names_the_project(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt(cwd="C:\\Users\\me\\shop\\")
    talk.answer(cwd="C:\\Users\\me\\shop\\docs")
    (execution,) = runs(write(tmp_path / "s.jsonl", talk.lines)).values()
    assert execution.agent_id == "shop"
