"""Whatever a trajectory holds, reading it yields drafts or damage, never an exception."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.atif import ADAPTER
from tests.adapters.reading import run, sniff

from .hostile import VALUES, check, replaced, slots
from .test_atif_steps import acts, trajectory, user

CALM = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@CALM
@given(data=st.data())
def test_values_of_any_type_anywhere(fixtures: Path, tmp_path: Path, data: st.DataObject) -> None:
    value = json.loads(
        (fixtures / "atif" / data.draw(st.sampled_from(["openhands.json", "terminus.json"]))).read_text()
    )
    value["agent"].pop("tool_definitions", None)
    value["extra"] = {"soma": {"labels": {"a": "b"}, "started_at": "2026-01-01T00:00:00Z", "status": "failed"}}
    value["steps"][-1]["extra"] = {"soma": {"outcome": "failed", "turn": 2, "duration_ms": 3, "kind": "guard"}}
    value["subagent_trajectories"] = [trajectory(user(), acts(("a", "x"), results=[{"content": "y"}]))]
    for _ in range(data.draw(st.integers(1, 4))):
        value = replaced(value, data.draw(st.sampled_from(slots(value))), data.draw(VALUES))
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(value))
    sniff(ADAPTER, path)
    check(run(ADAPTER, path), "at:")


@CALM
@given(cut=st.integers(0, 7000), flips=st.lists(st.tuples(st.integers(0, 7000), st.integers(0, 255)), max_size=6))
def test_bytes_of_any_kind_anywhere(fixtures: Path, tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    original = (fixtures / "atif" / "terminus.json").read_bytes()
    mutated = bytearray(original[: len(original) - cut])
    for position, byte in flips:
        if position < len(mutated):
            mutated[position] = byte
    path = tmp_path / "mutated.json"
    path.write_bytes(bytes(mutated))
    sniff(ADAPTER, path)
    check(run(ADAPTER, path), "at:")


def test_trajectories_nested_a_hundred_deep(tmp_path: Path) -> None:
    value = trajectory(user(), acts(("a", "x")))
    for number in range(100):
        value = trajectory(user(str(number)), acts(("a", "x")), subagent_trajectories=[value])
    path = tmp_path / "deep.json"
    path.write_text(json.dumps(value))
    assert len(run(ADAPTER, path).by_id()) == 101
