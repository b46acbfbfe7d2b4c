"""Stopped after any action and taken up elsewhere, the engine answers the same bits."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from soma.config import BudgetSettings, Thresholds
from soma.pressure import Action, Configuration, Edge, Engine, StateError
from soma.pressure.replay import recording as recordings

from .storms import BENCHMARK

EDGES = [Edge("a", "b", 0.8), Edge("b", "a", 0.5)]


def actions(count: int) -> list[tuple[str, Action]]:
    random_ = random.Random(4)
    return [(random_.choice("ab"), action) for action in BENCHMARK.recorded(count)]


def test_after_every_action_a_restored_engine_goes_on_bit_by_bit() -> None:
    through, stopped = Engine(edges=EDGES), Engine(edges=EDGES)
    for engine in (through, stopped):
        engine.begin("a", "s", BENCHMARK.TASK)
    for agent, action in actions(400):
        stopped = Engine.restore(stopped.save())
        assert msgspec.msgpack.encode(stopped.step(agent, action)) == msgspec.msgpack.encode(
            through.step(agent, action)
        )
        assert stopped.save() == through.save()


def test_a_state_does_not_grow_with_history() -> None:
    engine = Engine()
    sizes = []
    for number, action in enumerate(BENCHMARK.recorded(3_000)):
        engine.step("a", action)
        if number % 500 == 499:
            sizes.append(len(engine.save()))
    assert max(sizes) < 1.5 * min(sizes)
    assert max(sizes) < 8_000


def test_a_state_of_another_version_or_configuration_is_refused() -> None:
    engine = Engine()
    engine.step("a", Action())
    with pytest.raises(StateError, match="another configuration"):
        Engine.restore(engine.save(), Configuration(Thresholds(guide=0.3)))
    engine.state.version = 999
    with pytest.raises(StateError, match="version 999"):
        Engine.restore(engine.save())


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x93\x01\x02\x03", b"{}", b"\xff" * 50])
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        Engine.restore(data)


SCRIPT = """
import sys
from pathlib import Path
from soma.pressure import Engine
from soma.pressure.replay import recording as r
found = r.read(Path(sys.argv[1])); engine = found.engine(); trace = r.Trace()
for _, reading in r.readings(found.events(), engine):
    trace.add(reading)
print(trace.hexdigest(), __import__("hashlib").blake2b(engine.save()).hexdigest())
"""


def test_any_hash_seed_and_process_gives_the_same_bits(fixtures: Path) -> None:
    path = fixtures / "recordings" / "storms.jsonl"
    told = set()
    for seed in ("0", "1", "4711"):
        done = subprocess.run([sys.executable, "-c", SCRIPT, str(path)], env={**os.environ, "PYTHONHASHSEED": seed},
                              capture_output=True, text=True, check=True)  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1


def test_a_recording_handed_from_process_state_to_process_state(tmp_path: Path) -> None:
    configuration = Configuration(budget=BudgetSettings(tokens=3_000_000))
    events: list[recordings.Event] = [recordings.Step(agent, action) for agent, action in actions(5_000)]
    path = tmp_path / "long.jsonl"
    recordings.write(path, recordings.of_events(events, configuration, EDGES))
    stops = set(random.Random(9).sample(range(5_000), 100))
    found, trace = recordings.read(path), recordings.Trace()
    engine = found.engine()
    for number, event in enumerate(found.events()):
        if number in stops:
            engine = Engine.restore(engine.save(), configuration)
        for _, reading in recordings.readings([event], engine):
            trace.add(reading)
    assert found.end is not None
    assert trace.hexdigest() == found.end.trajectory


@pytest.mark.slow
def test_a_million_actions_stopped_at_a_hundred_points() -> None:
    assert BENCHMARK.resume(1_000_000)
