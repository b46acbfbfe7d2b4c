"""Chats of several named agents: what an agent says is its decision, what the terminal answers is how it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.generic import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import run

OK = "exitcode: 0 (execution succeeded)\nCode output: 42\n"
BROKEN = "exitcode: 1 (execution failed)\nCode output: Traceback (most recent call last):\nKeyError: 'x'\n"
NO_CODE = "There is no code from the last 1 message for me to execute. Group chat manager should let others go on."


def chat(*said: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "history": [{"content": text, "role": "user", "name": name} for name, text in said],
        "system_prompt": {name: "You are " + name for name, _ in said},
        **more,
    }


def draft(tmp_path: Path, value: Any) -> ExecutionDraft:
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(value))
    out = run(ADAPTER, path)
    assert out.damage == []
    (found,) = out.executions
    return found


def test_messages_are_decisions_and_the_terminal_answers_them(tmp_path: Path) -> None:
    found = draft(
        tmp_path,
        chat(
            ("Planner", "Here is the plan."),
            ("Terminal", NO_CODE),
            ("Coder", "I compute it.\n```python\nprint(1)\n```\nDone."),
            ("Terminal", BROKEN),
            ("Coder", "Again.\n```python\nprint(2)\n```"),
            ("Terminal", OK),
            ("Checker", "The answer is 42"),
            question="How many?", question_ID="q-7", is_correct=False,
        ),
    )  # fmt: skip
    assert [(d.tool, d.action, d.outcome) for d in found.decisions] == [
        ("Planner", "message:Planner", "unknown"),
        ("Coder", "exec:python", "failed"),
        ("Coder", "exec:python", "ok"),
        ("Checker", "message:Checker", "unknown"),
    ]
    assert found.decisions[1].arguments == {"code": "print(1)\n"}
    assert found.decisions[1].reasoning == "I compute it.\n\nDone."
    assert found.decisions[1].error == found.decisions[1].output == BROKEN
    assert found.decisions[0].output == NO_CODE and found.decisions[0].error is None
    assert (found.success, found.success_from, found.task_text) == (False, "evaluation", "How many?")
    assert (found.task_id, found.framework) == ("task:q-7", "group-chat")


def test_what_was_written_about_the_chat_afterwards_is_not_read(tmp_path: Path) -> None:
    notes = {
        "mistake_agent": "Coder",
        "mistake_step": "1",
        "mistake_reason": "SECRET-REASON",
        "ground_truth": "SECRET-X",
    }
    plain = draft(tmp_path, chat(("Planner", "a plan"), ("Coder", "an answer")))
    noted = draft(tmp_path, chat(("Planner", "a plan"), ("Coder", "an answer"), **notes))
    assert noted.execution_id == plain.execution_id
    assert [d.arguments for d in noted.decisions] == [d.arguments for d in plain.decisions]
    assert "SECRET" not in repr(noted)


@pytest.mark.parametrize("change", [{"tool_calls": [{"id": "1"}]}, {"name": ""}, {"content": None}, {"role": "tool"}])
def test_a_chat_with_calls_or_unnamed_speakers_is_no_group_chat(tmp_path: Path, change: dict[str, Any]) -> None:
    value = chat(("Planner", "a plan"), ("Coder", "an answer"), ("Checker", "fine"))
    value["history"][1] |= change
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(value))
    assert all(execution.framework != "group-chat" for execution in run(ADAPTER, path).executions)


@pytest.mark.corpus
def test_every_message_of_the_labelled_chats_but_the_terminals_is_a_decision(corpus: Path) -> None:
    paths = sorted((corpus / "attribution" / "whowhen-algorithm").glob("*.json"))
    out = run(ADAPTER, *paths)
    assert out.damage == [] and len(out.by_id()) == len(paths) == 63
    raw = {path.stem: json.loads(path.read_text()) for path in paths}
    spoken = [m for talk in raw.values() for m in talk["history"] if m["name"] != "Computer_terminal"]
    decisions = [decision for draft in out.executions for decision in draft.decisions]
    assert len(decisions) == len(spoken) == 394
    assert sorted(decision.tool for decision in decisions) == sorted(message["name"] for message in spoken)
    answers = [m for talk in raw.values() for m in talk["history"] if m["content"].lstrip().startswith("exitcode: 0")]
    assert sum(decision.outcome == "ok" for decision in decisions) == len(answers)
    assert all(draft.success is False and draft.task_text for draft in out.executions)
