"""Who ran, on which task, under whom, and how it was judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .rows import answer, drafted, only, root, row


def metadata(**values: Any) -> dict[str, Any]:
    return {"extra": {"metadata": values}}


@pytest.mark.parametrize(
    ("fields", "agent"),
    [
        (metadata(agent="careful", lc_agent_name="support") | {"session_name": "p"}, "careful"),
        (metadata(lc_agent_name="support") | {"session_name": "p"}, "support"),
        (metadata(assistant_id="a-1"), "a-1"),
        ({"session_name": "billing", "name": "answer"}, "billing"),
        ({"session_name": "default", "name": "answer"}, "answer"),
        ({"session_name": "default", "name": "RunnableSequence"}, ""),
        (metadata(langgraph_node="x") | {"session_name": "billing", "name": "triage"}, "triage"),
        (metadata(langgraph_node="x") | {"session_name": "billing", "name": "LangGraph"}, "billing"),
        (metadata(agent=["x"], agent_name="  ") | {"name": "answer"}, "answer"),
    ],
)
def test_the_agent_is_named_by_metadata_graph_project_or_run(
    tmp_path: Path, fields: dict[str, Any], agent: str
) -> None:
    assert only(tmp_path, root(**fields)).agent_id == agent


@pytest.mark.parametrize(
    ("fields", "task"),
    [
        (metadata(task="refund-small"), "task:refund-small"),
        (metadata(task_id=0), "task:0"),
        (metadata(task="x") | {"reference_example_id": "e-1"}, "example:e-1"),
        ({}, None),
    ],
)
def test_the_task_is_the_one_the_trace_names(tmp_path: Path, fields: dict[str, Any], task: str | None) -> None:
    assert only(tmp_path, root(**fields)).task_id == task


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"messages": [["system", "be kind"], ["user", "refund me"]]}, "refund me"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "refund me"}]}]}, "refund me"),
        (
            {
                "messages": [
                    [{"lc": 1, "type": "constructor", "id": ["x", "HumanMessage"], "kwargs": {"content": "refund me"}}]
                ]
            },
            "refund me",
        ),
        ({"input": "refund me", "chat_history": []}, "refund me"),
        ({"question": "refund me"}, "refund me"),
        ({"input": {"messages": [{"type": "human", "content": "refund me"}]}}, "refund me"),
        ({"prompts": ["Human: refund me"]}, "Human: refund me"),
        ({"messages": 5}, None),
        (None, None),
    ],
)
def test_the_task_text_is_what_the_user_first_asked_for(tmp_path: Path, inputs: Any, text: str | None) -> None:
    assert only(tmp_path, root(inputs=inputs)).task_text == text


@pytest.mark.parametrize(
    ("feedback", "success", "score"),
    [
        ({"correctness": {"n": 1, "avg": 1.0}}, True, 1.0),
        ({"Correctness": {"n": 4, "avg": 0.5}}, True, 0.5),
        ({"correctness": {"n": 1, "avg": 0.25}}, False, 0.25),
        ({"score": {"n": 1, "avg": 0.9}, "success": {"n": 1, "avg": 0}}, False, 0.0),
        ({"score": {"n": 1, "avg": 4.2}}, None, 4.2),
        ({"pass": True}, True, 1.0),
        ({"conciseness": {"n": 1, "avg": 1.0}}, None, None),
        ({"correctness": {"n": 0, "avg": None}}, None, None),
        ({"correctness": {"n": 1, "avg": None}}, None, None),
        ({"correctness": "yes"}, None, None),
    ],
)
def test_success_is_what_the_feedback_on_the_root_says(
    tmp_path: Path, feedback: dict[str, Any], success: bool | None, score: float | None
) -> None:
    execution = only(tmp_path, root(feedback_stats=feedback))
    assert (execution.success, execution.score) == (success, score)
    assert execution.success_from == (None if success is None else "feedback")


def test_feedback_on_a_step_judges_no_execution(tmp_path: Path) -> None:
    execution = only(tmp_path, root(), row("refund", feedback_stats={"correctness": {"n": 1, "avg": 1.0}}))
    assert (execution.success, execution.score) == (None, None)


def test_an_agent_run_as_a_tool_is_an_execution_of_its_own(tmp_path: Path) -> None:
    boss = metadata(lc_agent_name="boss", thread_id="t")
    helper = metadata(lc_agent_name="helper", thread_id="t")
    usage = {"input_tokens": 10, "output_tokens": 1}
    main, child = drafted(
        tmp_path,
        root(total_cost=1.0, **boss),
        row("plan", "llm", outputs=answer("ask the helper", ("1", "ask_helper"), usage_metadata=usage), **boss),
        row("ask_helper", second=2, extra={"tool_call_id": "1", **boss["extra"]}, outputs={"output": "found"}),
        row("helper", "chain", "ask_helper", 3, inputs={"messages": [["user", "find it"]]}, **helper),
        row("think", "llm", "helper", 4, outputs=answer("search", ("1", "search"), usage_metadata=usage), **helper),
        row("search", parent="helper", second=5, outputs={"output": "hit"}, extra={"tool_call_id": "1"}),
        row("refund", second=6, **boss),
    )
    assert [(d.tool, d.kind, d.action) for d in main.decisions] == [
        ("ask_helper", "delegation", "delegate:helper"),
        ("refund", "tool_choice", ""),
    ]
    assert (child.execution_id, child.agent_id, child.status) == ("lc:helper", "helper", "completed")
    assert (child.parent_execution_id, child.parent_decision_id) == ("lc:root", "lc:root#ask_helper")
    assert child.claims == ["lc:helper", "lc:root"]
    assert (child.task_text, child.session_id) == ("find it", "t")
    assert [(d.tool, d.reasoning, d.parent_decision_id) for d in child.decisions] == [
        ("search", "search", "lc:root#ask_helper")
    ]
    assert (main.tokens_in, child.tokens_in) == (10, 10)
    assert (main.cost_usd, child.cost_usd) == (1.0, None)


def test_a_chain_of_the_same_agent_under_a_tool_stays_in_its_execution(tmp_path: Path) -> None:
    same = metadata(lc_agent_name="boss")
    execution = only(
        tmp_path,
        root(**same),
        row("outer", **same),
        row("chain", "chain", "outer", 2, **same),
        row("inner", parent="chain", second=3, **same),
    )
    assert [(d.tool, d.kind, d.parent_decision_id) for d in execution.decisions] == [
        ("outer", "tool_choice", None),
        ("inner", "tool_choice", "lc:root#outer"),
    ]


def test_settings_of_the_process_that_ran_are_left_behind(tmp_path: Path) -> None:
    execution = only(tmp_path, root(**metadata(agent="a", LANGSMITH_ENDPOINT="http://inside", revision_id="r")))
    assert "inside" not in repr(execution)
    assert execution.labels == {}


def test_the_project_is_a_label(tmp_path: Path) -> None:
    assert only(tmp_path, root(session_name="support-eval")).labels == {"project": "support-eval"}
