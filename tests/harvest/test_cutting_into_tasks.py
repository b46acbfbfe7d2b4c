"""A harvest is cut into tasks that leave no worker alone with a large one at the end."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from soma.harvester.discover import Candidate
from soma.harvester.plan import tasks
from soma.harvester.portion import Kin, Task

MB = 1 << 20


def cut(sizes: list[int]) -> list[Task]:
    kins = [Kin([Candidate(f"/t/{number}", size, 0)]) for number, size in enumerate(sizes)]
    return list(tasks(kins, sum(sizes), 1, itertools.count(), {}))


@given(st.lists(st.integers(0, 40 * MB), max_size=200))
def test_every_source_is_in_one_task(sizes: list[int]) -> None:
    found = cut(sizes)
    paths = [candidate.path for task in found for kin in task.kins for candidate in kin.sources]
    assert sorted(paths) == sorted(f"/t/{number}" for number in range(len(sizes)))
    assert [task.number for task in found] == list(range(len(found)))


@given(st.lists(st.integers(1, 256 * 1024), min_size=100, max_size=600))
def test_two_workers_end_at_about_the_same_time(sizes: list[int]) -> None:
    found = cut(sizes)
    busy = [0, 0]
    for task in found:
        busy[busy.index(min(busy))] += task.size
    assert max(busy) - min(busy) <= 8.25 * MB
    if sum(sizes) >= 24 * MB:
        assert max(busy) - min(busy) <= 2.25 * MB, "the last tasks are small"


def test_what_is_read_by_one_process_is_not_cut_small() -> None:
    assert len(cut([100_000] * 100)) == 2
