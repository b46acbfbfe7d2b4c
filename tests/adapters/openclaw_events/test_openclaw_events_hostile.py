"""Whatever an event holds, reading it yields drafts or damage, never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.openclaw_events import ADAPTER
from tests.adapters.atif.hostile import VALUES, check, replaced, slots
from tests.adapters.reading import run, sniff

from .events import write

FILES = ("export-nested/events.jsonl", "sidecar/s-broken.trajectory.jsonl", "telemetry/crux1.jsonl")
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def events(fixtures: Path, name: str) -> list[Any]:
    lines = (fixtures / "openclaw-events" / name).read_text().splitlines()
    return [json.loads(line) for line in lines if len(line) < 12_000]


@pytest.mark.parametrize("name", FILES)
@CALM
@given(data=st.data())
def test_values_of_any_type_anywhere(fixtures: Path, tmp_path: Path, name: str, data: st.DataObject) -> None:
    log: Any = events(fixtures, name)
    places = [place for place in slots(log) if place]
    for _ in range(data.draw(st.integers(1, 5))):
        log = replaced(log, data.draw(st.sampled_from(places)), data.draw(VALUES))
    path = write(tmp_path / "mutated.jsonl", log)
    sniff(ADAPTER, path)
    check(run(ADAPTER, path), "oc:")


@pytest.mark.parametrize("name", FILES)
@CALM
@given(cut=st.integers(0, 15_000), flips=st.lists(st.tuples(st.integers(0, 15_000), st.integers(0, 255)), max_size=6))
def test_bytes_of_any_kind_anywhere(
    fixtures: Path, tmp_path: Path, name: str, cut: int, flips: list[tuple[int, int]]
) -> None:
    original = (fixtures / "openclaw-events" / name).read_bytes()
    mutated = bytearray(original[: len(original) - cut])
    for position, byte in flips:
        if position < len(mutated):
            mutated[position] = byte
    path = tmp_path / "mutated.jsonl"
    path.write_bytes(bytes(mutated))
    sniff(ADAPTER, path)
    check(run(ADAPTER, path), "oc:")
