"""How a call went, told from what came back, and which result belongs to which call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma.adapters.generic.messages import parsed

from .conversations import read, the_one, written


def call(call_id: str | None, name: str = "shell") -> dict[str, Any]:
    made = {"type": "function", "function": {"name": name, "arguments": "{}"}}
    return made if call_id is None else {**made, "id": call_id}


def asked(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def answered(call_id: str | None, content: Any, **more: Any) -> dict[str, Any]:
    message = {"role": "tool", "content": content, **more}
    return message if call_id is None else {**message, "tool_call_id": call_id}


USER = {"role": "user", "content": "go"}


@pytest.mark.parametrize(
    ("content", "more", "outcome"),
    [
        ("all fine", {}, "ok"),
        ("", {}, "ok"),
        (None, {}, "ok"),
        ("Error: no such file", {}, "failed"),
        ("ERROR: no such file", {}, "failed"),
        ("Error executing tool: x", {}, "failed"),
        ("ValueError: bad", {}, "failed"),
        ("requests.exceptions.HTTPError: 404", {}, "failed"),
        ("Traceback (most recent call last):\n  File", {}, "failed"),
        ('{"error": "not found"}', {}, "failed"),
        ('{"error": {"message": "not found", "code": 4}}', {}, "failed"),
        ('{"error": null, "data": 1}', {}, "ok"),
        ('{"data": {"error": "inner"}}', {}, "ok"),
        ("The word Error: later", {}, "ok"),
        ("Errors were fixed", {}, "ok"),
        ("boom", {"is_error": True}, "failed"),
        ("Error: quoted from a log", {"is_error": False}, "ok"),
        ("boom", {"status": "error"}, "failed"),
        ("Error: but done", {"status": "success"}, "ok"),
        ("Error: came back", {"status": "completed"}, "failed"),
        ("", {"error": "server gone"}, "failed"),
        ("Command timed out after 30 s", {}, "timeout"),
        ("Error: the request timed out", {}, "timeout"),
        ("TimeoutError: 30", {}, "timeout"),
        ("timed out", {"is_error": True}, "timeout"),
        ("It has not timed out", {}, "ok"),
        ("timeout = 30 is the default", {}, "ok"),
        ("user said no", {"status": "rejected"}, "skipped"),
    ],
)
def test_what_a_result_says(tmp_path: Path, content: Any, more: dict[str, Any], outcome: str) -> None:
    run = the_one(written(tmp_path / "a.json", [USER, asked(call("1")), answered("1", content, **more)]))
    (decision,) = run.decisions
    assert decision.outcome == outcome
    assert (decision.error is None) == (outcome == "ok")


def outputs(tmp_path: Path, *messages: dict[str, Any]) -> list[str | None]:
    return [decision.output for decision in the_one(written(tmp_path / "a.json", [USER, *messages])).decisions]


def test_an_id_that_repeats_is_paired_by_position(tmp_path: Path) -> None:
    again = outputs(tmp_path, asked(call("x")), answered("x", "1"), asked(call("x")), answered("x", "2"))
    assert again == ["1", "2"]
    assert outputs(tmp_path, asked(call("x"), call("x")), answered("x", "1"), answered("x", "2")) == ["1", "2"]
    assert outputs(tmp_path, asked(call("x")), asked(call("x")), answered("x", "2")) == [None, "2"]


def test_an_id_that_repeats_is_no_native_id(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", [USER, asked(call("x"), call("x")), answered("x", "1")]))
    assert [decision.native_id for decision in run.decisions] == ["x", None]
    assert [decision.outcome for decision in run.decisions] == ["ok", "unknown"]


def test_without_ids_the_name_and_then_the_order_decide(tmp_path: Path) -> None:
    both = asked(call(None, "a"), call(None, "b"))
    assert outputs(tmp_path, both, answered(None, "of b", name="b"), answered(None, "of a", name="a")) == [
        "of a",
        "of b",
    ]
    assert outputs(tmp_path, both, answered(None, "1"), answered(None, "2")) == ["1", "2"]


def test_a_message_id_is_no_call_id_unless_it_names_a_call(tmp_path: Path) -> None:
    both = asked(call("1", "a"), call("2", "b"))
    assert outputs(tmp_path, both, answered(None, "of b", id="2"), answered(None, "of a", id="1")) == ["of a", "of b"]
    own = (answered(None, "of b", id="msg-8", name="b"), answered(None, "of a", id="msg-9", name="a"))
    assert outputs(tmp_path, both, *own) == ["of a", "of b"]


def test_a_result_without_a_call_is_reported(tmp_path: Path) -> None:
    out = read(written(tmp_path / "a.json", [USER, asked(call("x")), answered("y", "?"), 7]))
    assert [run.decisions[0].outcome for run in out.executions] == ["unknown"]
    (damage,) = out.damage
    assert "1 tool results without a call" in damage.reason


def test_arguments_of_every_kind() -> None:
    assert parsed('{"a": 1}') == {"a": 1}
    assert parsed('"{\\"a\\": 1}"') == {"a": 1}
    assert parsed({"a": 1}) == {"a": 1}
    assert parsed("") == {}
    assert parsed(None) is None
    assert parsed("{'a': 1}") == "{'a': 1}"
    assert parsed("12") == "12"
    assert parsed(12) == "12"
