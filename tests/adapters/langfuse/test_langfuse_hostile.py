"""Nothing a file holds makes the adapter raise, and what it yields stays valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.langfuse import ADAPTER
from soma.model import OUTCOMES
from tests.adapters.reading import Readout, sniff

from .building import asking, observation, only, read, trace, write, write_lines

WRONG: list[Any] = [
    None,
    True,
    0,
    -1.5,
    10**400,
    "",
    "text",
    "7",
    "{",
    "[{",
    [],
    [[]],
    ["a", 1],
    {},
    {"": {}},
    {"a": [None]},
]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ("agno-2025-06-11.cut.json", "beeai-2025-08-01.cut.json", "microsoft-agent-2025-12-17.trace.json")


def assert_valid(out: Readout) -> None:
    out.by_id()
    for execution in out.executions:
        assert execution.status in ("completed", "failed", "unknown")
        assert execution.claims == [execution.execution_id]
        assert isinstance(execution.agent_id, str)
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert isinstance(decision.tool, str)
            assert decision.native_id
            assert decision.length > 0
            for text in (decision.output, decision.error, decision.reasoning):
                assert text is None or isinstance(text, str)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in entries for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


def opened(value: dict[str, Any]) -> dict[str, Any]:
    """A trace with the JSON inside its texts as objects, so that what lies in them can be changed too."""
    for item in value["observations"]:
        for key in ("input", "output", "metadata"):
            text = item.get(key)
            if isinstance(text, str) and text[:1] in "{[":
                item[key] = text if text.endswith("[cut]") else json.loads(text)
    return value


@SETTINGS
@given(data=st.data())
def test_values_of_wrong_types_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    text = (fixtures / "langfuse" / data.draw(st.sampled_from(NAMES))).read_text()
    value: Any = opened(json.loads(text))
    for _ in range(data.draw(st.integers(1, 6))):
        value = replaced(value, data.draw(st.sampled_from(places(value))), data.draw(st.sampled_from(WRONG)))
    for path in (write(tmp_path / "x.json", value), write_lines(tmp_path / "x.jsonl", [value, value])):
        sniff(ADAPTER, path)
        assert_valid(read(path))


@SETTINGS
@given(data=st.data())
def test_bytes_changed_or_cut_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    value = json.loads((fixtures / "langfuse" / NAMES[0]).read_text())
    content = bytearray("".join(json.dumps(item) + "\n" for item in value["observations"]), "utf-8")
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.jsonl"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    sniff(ADAPTER, path)
    out = read(path)
    assert_valid(out)
    assert out.sources[0].bytes_read <= path.stat().st_size


@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: repr(value)[:12])
def test_every_field_of_an_observation_may_be_of_any_type(tmp_path: Path, wrong: Any) -> None:
    whole = observation(
        "think", "run", "GENERATION", input="x", output=asking(("a", {})), metadata={"attributes": {}}, model="m",
        usageDetails={}, costDetails={}, latency=1, toolCalls=[], toolCallNames=[], userId="u", totalCost=1,
    )  # fmt: skip
    for kind in ("GENERATION", "TOOL"):
        for field in whole:
            value = {
                "trace": trace(),
                "observations": [observation("run", None), whole | {"type": kind} | {field: wrong}],
            }
            out = read(write(tmp_path / "x.json", value))
            assert_valid(out)
            assert [run.execution_id for run in out.executions] == ["lf:t"]


def test_a_torn_document_is_claimed_and_reported(tmp_path: Path, fixtures: Path) -> None:
    content = (fixtures / "langfuse" / NAMES[2]).read_bytes()
    path = tmp_path / "torn.json"
    path.write_bytes(content[: len(content) * 9 // 10])
    assert sniff(ADAPTER, path) is not None
    out = read(path)
    assert (out.executions, len(out.damage)) == ([], 1)


def test_a_torn_last_line_is_left_for_the_next_time(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [observation("run", None), observation("a", "run", "TOOL")])
    first = path.read_bytes().index(b"\n") + 1
    path.write_bytes(path.read_bytes()[:-20])
    out = read(path)
    assert (out.executions[0].decisions, out.damage) == ([], [])
    assert out.sources[0].bytes_read == first


def test_what_is_no_part_of_an_export_is_damage(tmp_path: Path) -> None:
    out = read(write(tmp_path / "x.json", [observation("run", None), {"hello": 1}, 7, {"traceId": "t"}]))
    assert [run.execution_id for run in out.executions] == ["lf:t"]
    assert [damage.reason[:2] for damage in out.damage] == ["3 "]


def test_a_score_alone_is_no_run(tmp_path: Path) -> None:
    out = read(write(tmp_path / "x.json", [{"id": "s", "traceId": "t", "name": "success", "value": 1}]))
    assert (out.executions, out.damage) == ([], [])


def test_rings_and_great_depth_are_walked_without_recursion(tmp_path: Path) -> None:
    ring = [observation("a", "b", "TOOL"), observation("b", "a", "GENERATION"), observation("c", "c", "TOOL")]
    assert sorted(d.native_id or "" for d in only(write(tmp_path / "ring.json", ring)).decisions) == ["a", "c"]
    deep = [observation(f"o{n}", f"o{n - 1}" if n else None, "CHAIN") for n in range(3000)]
    deep.append(observation("call", "o2999", "TOOL"))
    assert len(only(write_lines(tmp_path / "deep.jsonl", deep)).decisions) == 1


def test_values_of_great_depth_do_not_break_a_trace(tmp_path: Path) -> None:
    for depth in (300, 5000):
        nested = "[" * depth + "]" * depth
        call = observation("a", "run", "TOOL", input=nested, output='{"x":' + nested + "}")
        out = read(write(tmp_path / f"{depth}.json", [observation("run", None), call]))
        assert_valid(out)
        assert [d.tool for d in out.executions[0].decisions] == ["a"]


def test_ids_that_could_be_paths_do_not_travel_on(tmp_path: Path) -> None:
    run = only(write(tmp_path / "x.json", [observation("run", None) | {"traceId": "../../etc/passwd"}]))
    assert not {"/", "."} & set(run.execution_id)


def test_prompts_and_other_json_are_not_claimed(tmp_path: Path) -> None:
    for value in (
        {"type": "SPAN"},
        [{"type": "TOOL", "name": "x"}],
        {"trace": "x", "observations": []},
        {"data": [1]},
        [],
        {},
    ):
        assert sniff(ADAPTER, write(tmp_path / "x.json", value)) is None
