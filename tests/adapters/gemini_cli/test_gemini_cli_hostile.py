"""Chats that are torn, foreign, empty, or meant to break a reader."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma import codec
from soma.adapters.gemini_cli import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, run, sniff

SMALL = ["session-2025-10-29T10-36-9c9a14e1.json", "session-2025-10-29T10-39-a63242d9.json"]


def valid(out: Readout) -> None:
    out.by_id()
    for execution in out.executions:
        assert execution.execution_id.startswith("gm:") and execution.execution_id in execution.claims
        assert execution.status in ("completed", "failed", "unknown") and execution.success is None
        assert all(isinstance(value, str) for value in (execution.agent_id, *execution.labels.values()))
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert isinstance(decision.tool, str) and decision.tool and decision.length > 0
            assert decision.output is None or isinstance(decision.output, str)
            assert decision.reasoning is None or isinstance(decision.reasoning, str)


def test_a_torn_document_is_damage_and_still_claimed(fixtures: Path, tmp_path: Path) -> None:
    data = (fixtures / "gemini-cli" / SMALL[0]).read_bytes()
    path = tmp_path / "session.json"
    path.write_bytes(data[:-200])
    match = sniff(ADAPTER, path)
    assert match is not None and match.confidence == 1.0
    out = run(ADAPTER, path)
    assert (out.executions, [item.reason.split(":")[0] for item in out.damage]) == ([], ["no JSON"])


def test_a_torn_last_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    whole = b'{"sessionId":"s","projectHash":"p"}\n{"id":"m1","type":"user","content":"hi"}\n'
    path.write_bytes(whole + b'{"id":"m2","type":"gem')
    out = run(ADAPTER, path)
    assert (out.sources[0].bytes_read, out.damage, len(out.executions)) == (len(whole), [], 1)


def test_messages_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    path.write_text('{"sessionId": "s", "projectHash": "p", "messages": [5, {"id": "x"}, {"type": "user"}]}')
    out = run(ADAPTER, path)
    assert [item.reason for item in out.damage] == [
        "a message that is no object",
        "neither the head of a chat nor a message",
    ]
    assert out.damage[0].length == 1
    assert out.executions[0].labels["turns"] == "1"


def test_a_result_that_nests_deeply_is_read(tmp_path: Path) -> None:
    deep = "[" * 400 + "]" * 400
    result = f'[{{"functionResponse": {{"response": {{"items": {deep}}}}}}}]'
    path = tmp_path / "session.json"
    path.write_text('{"sessionId": "s", "projectHash": "p", "messages": [{"type": "gemini", "toolCalls": [{"id": "c", '
                    f'"status": "success", "result": {result}}}]}}]}}')  # fmt: skip
    out = run(ADAPTER, path)
    valid(out)
    assert out.executions[0].decisions[0].outcome == "ok"


@pytest.mark.parametrize(
    "text",
    ['{"sessionId": "s"}', '{"sessionId": 5, "projectHash": "p", "messages": []}', "[]", "hello", '{"messages": []}'],
)
def test_what_is_not_claimed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "session-2025-10-29T10-36-9c9a14e1.json"
    path.write_text(text)
    assert sniff(ADAPTER, path) is None


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["gemini", "user", "error", "success", "cancelled"]), st.text(max_size=8),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=2),
    st.dictionaries(st.sampled_from(["type", "text", "response", "id"]), st.one_of(st.none(), st.text(max_size=3))),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in ((*path, key), *places(item, (*path, key)))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(SMALL), split=st.booleans())
def test_any_type_anywhere_gives_valid_drafts(
    data: st.DataObject, name: str, split: bool, fixtures: Path, tmp_path: Path
) -> None:
    chat = codec.decode((fixtures / "gemini-cli" / name).read_bytes())
    for place in data.draw(st.lists(st.sampled_from(places(chat)), min_size=1, max_size=6)):
        holder: Any = chat
        try:
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    path = tmp_path / "mutated.json"
    messages = chat.pop("messages") if split else []
    records = [chat, *(messages if isinstance(messages, list) else [messages])]
    path.write_text("\n".join(codec.encode(record) for record in records) + "\n", encoding="utf-8")
    sniff(ADAPTER, path)
    out = run(ADAPTER, path)
    valid(out)
    assert len(out.sources) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), name=st.sampled_from(SMALL))
def test_any_byte_anywhere_gives_valid_drafts_or_damage(seed: int, name: str, fixtures: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray((fixtures / "gemini-cli" / name).read_bytes())
    for _ in range(chance.randrange(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path = tmp_path / "mutated.json"
    path.write_bytes(bytes(data))
    sniff(ADAPTER, path)
    out = run(ADAPTER, path)
    valid(out)
    assert out.damage or len(out.executions) <= 1
