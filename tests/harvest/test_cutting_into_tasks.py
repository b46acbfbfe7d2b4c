"""A harvest is cut into tasks that leave no worker alone with a large one at the end."""

from __future__ import annotations

import itertools
import random

import pytest

from soma.harvester.discover import Candidate
from soma.harvester.plan import tasks
from soma.harvester.portion import Kin, Task

MB = 1 << 20


def cut(sizes: list[int]) -> list[Task]:
    kins = [Kin([Candidate(f"/t/{number}", size, 0)]) for number, size in enumerate(sizes)]
    return list(tasks(kins, sum(sizes), 1, itertools.count(), {}))


def some(seed: int, *, most: int, count: int) -> list[int]:
    chance = random.Random(seed)
    return [chance.randrange(most) for _ in range(chance.randrange(count))]


@pytest.mark.parametrize("seed", range(20))
def test_every_source_is_in_one_task(seed: int) -> None:
    sizes = some(seed, most=40 * MB, count=200)
    found = cut(sizes)
    paths = [candidate.path for task in found for kin in task.kins for candidate in kin.sources]
    assert sorted(paths) == sorted(f"/t/{number}" for number in range(len(sizes)))
    assert [task.number for task in found] == list(range(len(found)))


@pytest.mark.parametrize("seed", range(20))
def test_two_workers_end_at_about_the_same_time(seed: int) -> None:
    found = cut([24 * 1024] * 1024 + some(seed, most=256 * 1024, count=900))
    busy = [0, 0]
    for task in found:
        busy[busy.index(min(busy))] += task.size
    assert max(busy) - min(busy) <= 2.25 * MB


def test_what_is_read_by_one_process_is_not_cut_small() -> None:
    assert len(cut([100_000] * 100)) == 2
