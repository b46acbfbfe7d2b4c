"""The vectorised core gives the engine's own pressures, bit for bit."""

from __future__ import annotations

import random

import numpy as np
import pytest
from msgspec.structs import replace

from soma.pressure import Engine, Reading
from soma.pressure.vector import sensed, trajectories

from .storms import BENCHMARK


def session(seed: int) -> list[Reading]:
    """A session in which some sources know tokens and costs, some do not, some now and then."""
    random_ = random.Random(seed)
    engine = Engine()
    engine.begin("a", "s", BENCHMARK.TASK)
    makers = [BENCHMARK.healthy, *(make for make, _ in BENCHMARK.STORMS.values())]
    share, found, make = random_.choice((0.0, 0.3, 1.0)), [], BENCHMARK.healthy
    for number in range(random_.randint(0, 250)):
        if number % 15 == 0:
            make = BENCHMARK.healthy if random_.random() < 0.6 else random_.choice(makers)
        action = make(random_, number)
        if random_.random() < share:
            action = replace(action, tokens=None, cost_usd=None)
        found.append(engine.step("a", action))
    return found


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_every_pressure_equals_the_scalar_engines(start: int) -> None:
    sessions = [session(seed) for seed in range(start, start + 50)]
    told = trajectories(*sensed(sessions))
    for column, readings in enumerate(sessions):
        scalar = np.array([reading.pressure for reading in readings])
        assert scalar.tobytes() == told[: len(readings), column].tobytes()


def test_more_sessions_than_fit_side_by_side_change_nothing() -> None:
    few = sensed([session(seed) for seed in range(7)])
    many = trajectories(np.tile(few.signals, (1, 1, 300)), np.tile(few.floors, (1, 300)))
    assert np.array_equal(many, np.tile(trajectories(*few), (1, 300)))


def test_no_sessions_give_no_pressures() -> None:
    assert trajectories(*sensed([])).shape == (0, 0)
    assert trajectories(*sensed([[], []])).shape == (0, 2)
