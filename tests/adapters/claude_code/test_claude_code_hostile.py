"""Files that are torn, foreign, empty of decisions, or meant to break a reader."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma import codec
from soma.adapters.blocks.head import Head
from soma.adapters.claude_code import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, run, sniff

from .talk import Talk, write


def valid(out: Readout) -> None:
    out.by_id()
    for execution in out.executions:
        assert execution.execution_id.startswith("cc:")
        assert execution.execution_id in execution.claims
        assert execution.framework == "claude-code"
        assert execution.status in ("completed", "failed", "unknown") and execution.success is None
        assert execution.source_id in {source.source_id for source in out.sources}
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert isinstance(decision.tool, str) and decision.tool
            assert decision.length > 0
            assert decision.duration_ms is None or decision.duration_ms >= 0
            assert decision.output is None or isinstance(decision.output, str)
        natives = [decision.native_id for decision in execution.decisions if decision.native_id is not None]
        assert len(natives) == len(set(natives))


def test_a_torn_last_line_is_left_for_the_next_time(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    talk.call("toolu_1")
    talk.result("toolu_1")
    path = write(tmp_path / "s.jsonl", talk.lines)
    whole = path.read_bytes()
    cut = whole.rindex(b'{"cwd"') + 40
    path.write_bytes(whole[:cut])
    out = run(ADAPTER, path)
    assert [decision.outcome for decision in out.executions[0].decisions] == ["unknown"]
    assert out.damage == []
    assert out.sources[0].bytes_read == cut - 40
    path.write_bytes(whole)
    assert [decision.outcome for decision in run(ADAPTER, path).executions[0].decisions] == ["ok"]


@pytest.mark.parametrize("name", ["summaries-only.jsonl", "commands-only.jsonl"])
def test_files_without_a_decision_are_claimed_and_yield_nothing(fixtures: Path, name: str) -> None:
    match = sniff(ADAPTER, fixtures / "claude-code" / name)
    assert match is not None and match.use == "read"
    assert run(ADAPTER, fixtures / "claude-code" / name).executions == []


def test_odd_lines_do_not_stop_the_reader(fixtures: Path) -> None:
    out = run(ADAPTER, fixtures / "claude-code" / "odd-lines.jsonl")
    assert [item.reason for item in out.damage] == [
        "a line of type user without a message",
        "a JSON string where a record (an object) was expected",
        "a JSON number where a record (an object) was expected",
        "a JSON list where a record (an object) was expected",
    ]
    assert {name: [(d.tool, d.outcome) for d in execution.decisions] for name, execution in out.by_id().items()} == {
        "cc:edge_cases": [("FailingTool", "failed"), ("MultiEdit", "unknown")],
        "cc:todowrite_session": [("TodoWrite", "unknown")],
    }
    todos = run(ADAPTER, fixtures / "claude-code" / "odd-lines.jsonl", fixtures / "claude-code" / "todos.jsonl").by_id()
    assert len(todos["cc:todowrite_session"].decisions) == 3


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"session","version":3,"id":"x","timestamp":"2026-01-01T00:00:00Z","cwd":"/"}\n{"type":"message","id":"a"}\n',
        b'{"type":"session_meta","payload":{"id":"x"}}\n{"type":"response_item","payload":{}}\n',
        b'{"type":"user","message":"hello"}\n{"type":"assistant","message":"hi"}\n',
        b'{"type":"system","subtype":"init","session_id":"x","uuid":"y"}\n{"type":"result","session_id":"x"}\n',
        b'{"sessionId":"x","projectHash":"y","messages":[{"type":"user","content":"z"}]}',
        b'{"loglines":7}',
        b"\x00\x01\x02",
        b"",
        b"plain text",
    ],
)
def test_other_formats_are_not_claimed(data: bytes) -> None:
    assert ADAPTER.sniff(Head("session.jsonl", len(data), data)) is None


def test_a_first_line_longer_than_the_head_is_recognised(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt("x" * 400_000)
    talk.answer()
    lines = [{"parentUuid": None, **line} for line in talk.lines]
    path = tmp_path / "long.jsonl"
    # Claude Code writes the message after the ids.
    keys = ["parentUuid", "isSidechain", "userType", "sessionId", "version", "type", "message", "uuid", "timestamp"]
    path.write_text("\n".join("{" + ",".join(f'"{k}":{codec.encode(line[k])}' for k in keys) + "}" for line in lines))
    match = sniff(ADAPTER, path)
    assert match is not None and match.confidence == 1.0
    assert run(ADAPTER, path).executions[0].status == "completed"


def test_wrong_types_everywhere(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    talk.call("toolu_1")
    talk.result("toolu_1", structured={"durationMs": "soon", "interrupted": "yes", "agentId": 4})
    good = [dict(line) for line in talk.lines]
    odd: list[Any] = [None, True, -1, 1.5, "", "x", [], [1, "a", None], {}, {"type": []}]
    lines = list(good)
    for line in good:
        for key in line:
            lines += [{**line, key: value, "uuid": f"{key}-{index}"} for index, value in enumerate(odd)]
        for key in line["message"]:
            lines += [
                {**line, "message": {**line["message"], key: value}, "uuid": f"m-{key}-{index}"}
                for index, value in enumerate(odd)
            ]
        content = line["message"]["content"]
        for key in content[0] if isinstance(content, list) else ():
            lines += [
                {
                    **line,
                    "message": {**line["message"], "content": [{**content[0], key: value}]},
                    "uuid": f"b-{key}-{index}",
                }
                for index, value in enumerate(odd)
            ]
    out = run(ADAPTER, write(tmp_path / "odd.jsonl", lines))
    valid(out)
    # Some of the lines name another session, and the call is still counted once.
    found = [decision for execution in out.executions for decision in execution.decisions]
    assert [decision.outcome for decision in found if decision.native_id == "toolu_1"] == ["ok"]


def test_deep_nesting_and_cycles_end(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    call = talk.call("toolu_1")
    talk.line("user", message={"role": "user", "content": "loop"}, parent=call["uuid"])
    talk.lines[0]["parentUuid"] = talk.lines[-1]["uuid"]
    talk.lines[-1]["isSidechain"] = True
    talk.lines[-1]["parentUuid"] = talk.lines[-1]["uuid"]
    path = write(tmp_path / "deep.jsonl", talk.lines)
    deep = (
        b'{"type":"assistant","sessionId":"s-1","uuid":"d","message":{"content":[{"type":"tool_use","id":"t","input":'
    )
    with path.open("ab") as stream:
        stream.write(deep + b"[" * 90_000 + b"]" * 90_000 + b"}]}}\n")
        stream.write(deep.replace(b'"t"', b'"t2"') + b"[" * 200 + b"]" * 200 + b"}]}}\n")
    out = run(ADAPTER, path)
    valid(out)
    assert [decision.native_id for decision in out.by_id()["cc:s-1"].decisions] == ["toolu_1", "t2"]
    assert len(out.damage) == 1


def test_hostile_ids_stay_ids(tmp_path: Path) -> None:
    talk = Talk("../../etc/passwd")
    talk.prompt()
    talk.call("'; drop table x", "Bash<script>")
    (execution,) = run(ADAPTER, write(tmp_path / "s.jsonl", talk.lines)).executions
    assert ".." not in execution.execution_id and "/" not in execution.execution_id
    assert ".." not in "".join(execution.claims)


SMALL = [
    "delegation.jsonl",
    "agent-atest01.jsonl",
    "compaction.jsonl",
    "thinking.jsonl",
    "odd-lines.jsonl",
    "sample.jsonl",
]
FEW = st.text(max_size=3)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.lists(st.one_of(st.none(), FEW, st.dictionaries(FEW, st.none(), max_size=1)), max_size=2),
    st.dictionaries(st.sampled_from(["type", "text", "content", "id"]), st.one_of(st.none(), FEW), max_size=2),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in ((*path, key), *_places(item, (*path, key)))]


def _planted(value: Any, place: tuple[Any, ...], junk: Any) -> None:
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = junk


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(SMALL))
def test_any_type_anywhere_gives_valid_drafts(data: st.DataObject, name: str, fixtures: Path, tmp_path: Path) -> None:
    lines = [codec.decode(line) for line in (fixtures / "claude-code" / name).read_bytes().splitlines()]
    places = _places(lines)
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=6)):
        junk = data.draw(JUNK)
        try:
            _planted(lines, place, junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    path = write(tmp_path / "mutated.jsonl", lines)
    sniff(ADAPTER, path)
    out = run(ADAPTER, path)
    valid(out)
    kept = sum(isinstance(line, dict) for line in lines)
    assert sum(item.reason.startswith("a JSON ") for item in out.damage) == len(lines) - kept


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), name=st.sampled_from([*SMALL, "loglines.json"]))
def test_any_byte_anywhere_gives_valid_drafts(seed: int, name: str, fixtures: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray((fixtures / "claude-code" / name).read_bytes())
    for _ in range(chance.randrange(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path = tmp_path / "mutated.jsonl"
    path.write_bytes(bytes(data[: chance.randrange(1, len(data) + 1)]))
    sniff(ADAPTER, path)
    out = run(ADAPTER, path)
    valid(out)
    assert 0 <= out.sources[0].bytes_read <= path.stat().st_size
