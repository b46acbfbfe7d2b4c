"""What a step of an agent means: calls, results, protocols in text, continuations and embedded runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.atif import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters.reading import Readout, run, sniff


def trajectory(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    agent = {"name": "agent", "version": "1"}
    numbered = [{"step_id": number, **step} for number, step in enumerate(steps, start=1)]
    return {"schema_version": "ATIF-v1.7", "session_id": "s", "agent": agent, "steps": numbered, **more}


def user(text: Any = "do it", **more: Any) -> dict[str, Any]:
    return {"source": "user", "message": text, **more}


def acts(*calls: tuple[str, str], results: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    made = [{"tool_call_id": name, "function_name": tool, "arguments": {}} for name, tool in calls]
    step = {"source": "agent", "message": "because", "tool_calls": made, **more}
    return step if results is None else {**step, "observation": {"results": results}}


def read(folder: Path, *documents: Any) -> Readout:
    paths = []
    for number, document in enumerate(documents):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(json.dumps(document))
    return run(ADAPTER, *paths)


def one(folder: Path, *documents: Any) -> ExecutionDraft:
    out = read(folder, *documents)
    assert out.damage == []
    (draft,) = out.executions
    return draft


def told(decisions: list[DecisionDraft]) -> list[tuple[str, str, str | None]]:
    return [(decision.tool, decision.outcome, decision.output) for decision in decisions]


def test_the_shipped_fixtures_are_three_runs(fixtures: Path) -> None:
    out = run(ADAPTER, *sorted((fixtures / "atif").glob("*.json")))
    assert out.damage == []
    assert sorted((draft.agent_id, len(draft.decisions)) for draft in out.executions) == [
        ("openhands", 2), ("openhands", 2), ("terminus-2", 7),
    ]  # fmt: skip
    (finish,) = {
        decision.outcome for draft in out.executions for decision in draft.decisions if decision.tool == "finish"
    }
    assert finish == "unknown"
    assert {draft.status for draft in out.executions} == {"unknown"}
    assert {draft.success for draft in out.executions} == {None}


def test_the_two_forms_of_one_agent_call_by_the_same_names(fixtures: Path) -> None:
    draft = run(ADAPTER, fixtures / "atif" / "openhands-no-function-calling.json").executions[0]
    assert draft.decisions[0].tool == "execute_bash"
    assert draft.decisions[0].arguments["security_risk"] == "LOW"
    assert draft.decisions[0].outcome == "ok"


def test_results_meet_their_calls_by_id_and_otherwise_by_order(tmp_path: Path) -> None:
    named = [{"source_call_id": "b", "content": "B"}, {"source_call_id": "a", "content": "A"}]
    nameless = [{"content": "A"}, {"content": "B"}]
    for results in (named, nameless):
        draft = one(tmp_path, trajectory(user(), acts(("a", "x"), ("b", "y"), results=results)))
        assert told(draft.decisions) == [("x", "ok", "A"), ("y", "ok", "B")]


def test_one_nameless_result_is_what_all_calls_of_a_step_left_behind(tmp_path: Path) -> None:
    calls = (("a", "x"), ("b", "y"))
    draft = one(tmp_path, trajectory(user(), acts(*calls, results=[{"content": "screen"}])))
    assert told(draft.decisions) == [("x", "ok", None), ("y", "ok", "screen")]
    draft = one(tmp_path, trajectory(user(), acts(*calls, results=[{"content": "Error: no"}])))
    assert told(draft.decisions) == [("x", "unknown", None), ("y", "failed", "Error: no")]


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        ("[Command finished with exit code 1]", "failed"),
        ("x\n[The command completed with exit code 0.]", "ok"),
        ("[The command timed out after 30 seconds.]\n[Command finished with exit code -1]", "timeout"),
        ("ERROR: no such path", "failed"),
        ("", "ok"),
        ([{"type": "text", "text": "seen"}, {"type": "image", "source": {"path": "a.png"}}], "ok"),
        (None, "unknown"),
    ],
)
def test_the_answer_tells_the_outcome(tmp_path: Path, content: Any, outcome: str) -> None:
    results = [{"source_call_id": "a", "content": content}]
    (decision,) = one(tmp_path, trajectory(user(), acts(("a", "x"), results=results))).decisions
    assert decision.outcome == outcome
    if isinstance(content, list):
        assert decision.output == "seen\n[image]"


def test_an_answer_in_no_known_protocol_that_the_world_reacted_to_is_one_decision(tmp_path: Path) -> None:
    speaks = {"source": "agent", "message": "{broken json"}
    draft = one(tmp_path, trajectory(user(), {**speaks, "observation": {"results": [{"content": "what?"}]}}, speaks))
    assert told(draft.decisions) == [("respond", "ok", "what?")]


def test_tokens_cost_model_times_and_reasons_of_a_step(tmp_path: Path) -> None:
    metrics = {"prompt_tokens": 100, "completion_tokens": 7, "cached_tokens": 60, "cost_usd": 0.5}
    step = acts(("a", "x"), ("b", "y"), metrics=metrics, model_name="m", timestamp="2026-05-05T10:00:00Z")
    draft = one(tmp_path, trajectory(user(), {**step, "reasoning_content": "thought"}, user("again"), acts(("c", "z"))))
    first, second, third = draft.decisions
    assert (first.tokens_in, first.tokens_out, first.cost_usd, first.model) == (40, 7, 0.5, "m")
    assert (second.tokens_in, second.cost_usd) == (None, None)
    assert (draft.tokens_in, draft.tokens_out, draft.tokens_cache_read, draft.cost_usd) == (40, 7, 60, 0.5)
    assert first.reasoning == "thought" and third.reasoning == "because"
    assert first.started_at == draft.started_at == draft.ended_at == 1_777_975_200_000_000
    assert [decision.turn for decision in draft.decisions] == [0, 0, 1]
    assert {decision.duration_ms for decision in draft.decisions} == {None}


def test_totals_stand_in_where_no_step_says_what_it_cost(tmp_path: Path) -> None:
    final = {"total_prompt_tokens": 9, "total_completion_tokens": 3, "total_cost_usd": 1.5}
    draft = one(tmp_path, trajectory(user(), acts(("a", "x")), final_metrics=final))
    assert (draft.tokens_in, draft.tokens_out, draft.cost_usd) == (9, 3, 1.5)


def test_a_copy_and_an_earlier_state_of_a_run_count_once(tmp_path: Path) -> None:
    early = trajectory(user(), acts(("a", "x")))
    late = trajectory(user(), acts(("a", "x")), acts(("b", "y")))
    for documents in ((early, late, late), (late, early)):
        assert [decision.tool for decision in one(tmp_path, *documents).decisions] == ["x", "y"]


def test_session_ids_that_strangers_share_do_not_make_them_one_run(tmp_path: Path) -> None:
    other = trajectory(user("something else"), acts(("a", "x")))
    assert len(read(tmp_path, trajectory(user(), acts(("a", "x"))), other).by_id()) == 2


def test_embedded_sub_agents_are_executions_under_their_parent(tmp_path: Path) -> None:
    deepest = trajectory(user("dig"), acts(("a", "dig")), trajectory_id="t2")
    inner = trajectory(user("look"), acts(("a", "look")), trajectory_id="t1", subagent_trajectories=[deepest])
    refers = [{"source_call_id": "a", "subagent_trajectory_ref": [{"trajectory_id": "t1"}]}]
    out = read(tmp_path, trajectory(user(), acts(("a", "ask"), results=refers), subagent_trajectories=[inner, None]))
    parents = {draft.decisions[0].tool: draft.parent_execution_id for draft in out.executions if draft.decisions}
    ids = {draft.decisions[0].tool: draft.execution_id for draft in out.executions if draft.decisions}
    assert parents == {"ask": None, "look": ids["ask"], "dig": ids["look"]}
    (call,) = next(draft.decisions for draft in out.executions if draft.parent_execution_id is None)
    assert (call.kind, call.outcome) == ("delegation", "unknown")


def test_lines_and_lists_of_trajectories(tmp_path: Path) -> None:
    runs = [trajectory(user(str(number)), acts(("a", "x"))) for number in range(3)]
    lines = tmp_path / "runs.jsonl"
    lines.write_text("".join(json.dumps(item) + "\n" for item in runs) + '{"schema_version": "ATIF-v1.7", "torn')
    match = sniff(ADAPTER, lines)
    assert match is not None and match.variant == "ATIF-v1.7"
    out = run(ADAPTER, lines)
    assert len(out.by_id()) == 3 and out.damage == []
    assert out.sources[0].bytes_read < lines.stat().st_size
    assert len(read(tmp_path, runs).by_id()) == 3


def test_what_is_no_trajectory_is_told(tmp_path: Path) -> None:
    out = read(tmp_path, {"schema_version": "ATIF-v1.7"}, {"schema_version": 3, "steps": []})
    assert [damage.reason for damage in out.damage] == ["an ATIF trajectory without steps", "no ATIF trajectory"]
    assert out.executions == []
    path = tmp_path / "torn.json"
    path.write_text(json.dumps(trajectory(user(), acts(("a", "x"))))[:-30])
    assert sniff(ADAPTER, path) is not None
    assert [damage.length for damage in run(ADAPTER, path).damage] == [path.stat().st_size]


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ("cd /app && pytest -q\n", "exec:pytest"),
        ("cat hello.txt\n", "exec:cat"),
        ("", "process:wait"),
        ("\n", "process:write"),
        ("C-c", "process:kill"),
        ("Escape C-d", "process:write"),
        ("q\n", "exec:q"),
    ],
)
def test_keys_typed_into_a_terminal_are_the_program_they_run(tmp_path: Path, keys: str, action: str) -> None:
    call = {"tool_call_id": "a", "function_name": "bash_command", "arguments": {"keystrokes": keys, "duration": 0.1}}
    written = json.dumps({"analysis": "", "plan": "", "commands": [{"keystrokes": keys, "duration": 0.1}]})
    for step in ({"source": "agent", "message": "", "tool_calls": [call]}, {"source": "agent", "message": written}):
        answered = {**step, "observation": {"results": [{"content": "$"}]}}
        (decision,) = one(tmp_path, trajectory(user(), answered)).decisions
        assert (decision.action, decision.role) == (action, "shell")
        assert decision.arguments["keystrokes"] == keys
