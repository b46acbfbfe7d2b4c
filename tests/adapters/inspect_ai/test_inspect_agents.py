"""Who ran, which run it is, and what texts say once they are put together."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .logs import EVAL, answer, begin, called, log, only, pack, read, sample, write


@pytest.mark.parametrize(
    ("about", "events", "agent"),
    [
        ({}, [], "lab/m"),
        ({"plan": {"steps": [{"solver": "use_tools"}, {"solver": "generate"}]}}, [], "lab/m"),
        ({"plan": {"steps": [{"solver": "setup"}, {"solver": "basic_agent"}]}}, [], "basic_agent"),
        ({"plan": {"steps": [{"solver": "react", "params": {"name": "hacker"}}]}}, [], "hacker"),
        ({"plan": {"steps": [{"solver": "inspect_ai/generate"}]}}, [], "lab/m"),
        ({"eval": EVAL | {"solver": "ctf_agent"}}, [begin("a", "agent", "react")], "ctf_agent"),
        ({}, [begin("s", "solver", "x"), begin("a", "agent", "react", "s"), begin("b", "agent", "sub", "a")], "react"),
        ({"eval": EVAL | {"model": None}}, [], ""),
    ],
)
def test_the_agent_is_the_solver_or_the_model(tmp_path: Path, about: Any, events: Any, agent: str) -> None:
    assert only(tmp_path, *events, about=about).agent_id == agent


def test_calls_of_a_sub_agent_name_the_call_that_started_it(tmp_path: Path) -> None:
    execution = only(
        tmp_path,
        answer(("h", "transfer_to_helper")),
        begin("t", "tool", "transfer_to_helper"),
        called("h", "transfer_to_helper", agent="helper", agent_span_id="a"),
        begin("a", "agent", "helper", "t"),
        answer(("x", "search"), span_id="a"),
        called("x", "search", span_id="a"),
        answer(("y", "bash")),
    )
    assert [(d.tool, d.kind, d.action, d.parent_decision_id) for d in execution.decisions] == [
        ("transfer_to_helper", "delegation", "delegate:helper", None),
        ("search", "tool_choice", "", f"{execution.execution_id}#h"),
        ("bash", "tool_choice", "", None),
    ]


def test_events_inside_the_tool_event_of_an_old_log_are_read(tmp_path: Path) -> None:
    inner = [answer(("x", "search")), called("x", "search", result="found")]
    execution = only(tmp_path, answer(("h", "ask")), called("h", "ask", events=inner))
    assert [(d.tool, d.output) for d in execution.decisions] == [("ask", "done"), ("search", "found")]


def test_a_sample_is_known_by_its_own_id_wherever_it_was_copied(tmp_path: Path) -> None:
    first = write(tmp_path / "a.json", log(sample(uuid="u1")))
    retried = write(tmp_path / "b.json", log(sample(uuid="u1"), eval=EVAL | {"eval_id": "other"}))
    assert {e.execution_id for e in read(first, retried).executions} == {"in:u1"}


def test_without_one_evaluation_sample_and_epoch_tell_runs_apart(tmp_path: Path) -> None:
    samples = [sample(), sample(epoch=2), sample(id="1b")]
    paths = [
        write(tmp_path / "a.json", log(*samples)),
        write(tmp_path / "b.json", log(*samples, eval=EVAL | {"run_id": "next"})),
        write(tmp_path / "c.json", log(*samples, eval=EVAL | {"task_id": "u"})),
        write(tmp_path / "d.json", log(*samples, eval=EVAL | {"eval_id": "e"})),
    ]
    assert len(read(*paths).by_id()) == 12
    assert [e.execution_id for e in read(paths[3]).executions] == ["in:e/1/1", "in:e/1/2", "in:e/1b/1"]


def test_the_last_of_several_members_with_one_name_stands(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"header.json": log(), "samples/1_epoch_1.json": sample(uuid="old")})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("samples/1_epoch_1.json", json.dumps(sample(uuid="new")))
    assert list(read(path).by_id()) == ["in:new"]


def test_attachments_are_put_back(tmp_path: Path) -> None:
    ref, long = "attachment://abc", "a long text"
    execution = only(
        tmp_path,
        answer(("a", "bash"), content=ref),
        called("a", "bash", arguments={"cmd": ref, "more": [{"x": ref}]}, result=ref),
        input=ref,
        attachments={"abc": long, "bad": 5},
    )
    (decision,) = execution.decisions
    assert decision.arguments == {"cmd": long, "more": [{"x": long}]}
    assert (decision.output, decision.reasoning, execution.task_text) == (long, long, long)


@pytest.mark.parametrize(
    ("content", "reasoning"),
    [
        ("plain", "plain"),
        ([{"type": "reasoning", "reasoning": "deep"}, {"type": "text", "text": "said"}], "deep"),
        ([{"type": "reasoning", "reasoning": "c1ph3r", "redacted": True, "summary": "short"}], "short"),
        ([{"type": "reasoning", "reasoning": "c1ph3r", "redacted": True}, {"type": "text", "text": "said"}], "said"),
        ("", None),
        ([{"type": "image", "image": "data:..."}], "[image]"),
    ],
)
def test_reasoning_comes_before_speech(tmp_path: Path, content: Any, reasoning: str | None) -> None:
    (decision,) = only(tmp_path, answer(("a", "x"), content=content)).decisions
    assert decision.reasoning == reasoning


def test_results_that_are_no_text_are_named(tmp_path: Path) -> None:
    result = [{"type": "text", "text": "see"}, {"type": "image", "image": "data:..."}, 5]
    assert only(tmp_path, called("a", "x", result=result)).decisions[0].output == "see\n[image]\n5"


def test_the_task_text_is_the_first_message_of_the_user(tmp_path: Path) -> None:
    talk = [{"role": "system", "content": "be kind"}, {"role": "user", "content": [{"type": "text", "text": "add"}]}]
    assert only(tmp_path, input=talk).task_text == "add"
    assert only(tmp_path, input=[]).task_text is None
