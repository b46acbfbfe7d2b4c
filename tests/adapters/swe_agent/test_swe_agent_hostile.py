"""Nothing a file holds makes the adapter raise, and what it yields stays valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma import codec
from soma.adapters.swe_agent import ADAPTER
from soma.model import OUTCOMES
from soma.source import Limits
from tests.adapters.reading import Readout, sniff

from .trajectories import raw_of, read, step, trajectory, write

WRONG: list[Any] = [None, True, 0, -1.5, 1 << 70, "", "text", "7", [], [[]], ["a", 1], {}, {"": {}}, {"a": [None]}]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_valid(out: Readout) -> None:
    assert len(out.executions) + len(out.damage) == 1
    for execution in out.executions:
        assert execution.status in ("completed", "failed", "unknown")
        assert execution.claims == [execution.execution_id]
        for text in (execution.task_text, execution.error, execution.model, execution.task_id):
            assert text is None or isinstance(text, str)
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert decision.length > 0
            assert decision.action
            assert decision.role
            assert codec.encode(decision.arguments)
            for text in (decision.output, decision.error, decision.reasoning):
                assert text is None or isinstance(text, str)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@pytest.fixture(scope="module")
def small(fixtures: Path) -> dict[str, Any]:
    (path,) = (fixtures / "swe-agent").rglob("6e44b9*.traj")
    raw = raw_of(path)
    config = raw["replay_config"]
    raw["replay_config"] = {
        "agent": {"name": "main", "model": config["agent"]["model"]},
        "problem_statement": config["problem_statement"],
    }
    return raw


@SETTINGS
@given(data=st.data())
def test_values_of_wrong_types_anywhere(data: st.DataObject, small: dict[str, Any], tmp_path: Path) -> None:
    document: Any = small
    if data.draw(st.booleans()):
        document = {"history": small["history"]}
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.sampled_from(places(document)))
        document = replaced(document, place, data.draw(st.sampled_from(WRONG)))
    path = write(tmp_path / "a.traj", document)
    sniff(ADAPTER, path)
    assert_valid(read(path))


@SETTINGS
@given(data=st.data())
def test_bytes_changed_or_cut_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    (source,) = (fixtures / "swe-agent").rglob("humanevalfix*.traj")
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.traj"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    sniff(ADAPTER, path)
    assert_valid(read(path))


@pytest.mark.parametrize("name", ["6e44b9*.traj", "function_calling*.traj"])
def test_a_torn_trajectory_is_claimed_and_reported(fixtures: Path, tmp_path: Path, name: str) -> None:
    (source,) = (fixtures / "swe-agent").rglob(name)
    path = tmp_path / "a.traj"
    path.write_bytes(source.read_bytes()[:9000])
    assert sniff(ADAPTER, path) is not None
    out = read(path)
    assert (out.executions, len(out.damage)) == ([], 1)


def test_a_trajectory_over_the_limit_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "a.traj", trajectory(step()))
    out = read(path, limits=Limits(document_bytes=10))
    assert (out.executions, len(out.damage)) == ([], 1)


@pytest.mark.parametrize("value", [[1], 5, "x", None])
def test_what_is_no_object_is_reported(tmp_path: Path, value: Any) -> None:
    out = read(write(tmp_path / "a.traj", value))
    assert [damage.reason for damage in out.damage] == ["a trajectory is an object"]


def test_what_only_the_lenient_decoder_reads_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.traj"
    path.write_bytes(json.dumps(trajectory(step("ls", "XX"), 5, step("pwd"))).encode().replace(b"XX", b"\xff\\ud800"))
    (execution,) = read(path).executions
    assert [d.tool for d in execution.decisions] == ["ls", "pwd"]
    assert execution.decisions[0].output == "\ufffd\ufffd"
    assert execution.decisions[0].length == path.stat().st_size


@pytest.mark.parametrize("depth", [100, 600, 100_000])
def test_great_depth_does_not_stop_the_reading(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.traj"
    text = json.dumps(trajectory(step("ls", "DEEP", thought="DEEP")))
    path.write_text(text.replace('"DEEP"', "[" * depth + "]" * depth))
    assert_valid(read(path))


def test_other_documents_are_nobodys_trajectory(tmp_path: Path) -> None:
    documents: list[Any] = [
        {"trajectory": [[1, 2]]},
        {"history": []},
        {"history": [{"role": "user", "content": "x"}]},
        {},
        [],
        5,
    ]
    for value in documents:
        assert sniff(ADAPTER, write(tmp_path / "a.json", value)) is None
