"""Executions of two arms taken together in blocks, on one task, in the order of time and blind to how they ended.

That is what lets one look after every execution: which executions form a block depends on what came before it, on arms
and on tasks, never on an outcome, and adding executions later changes no earlier block.

Usually a block is one execution of each arm, the oldest that are still waiting. Where one arm gets a larger share of
the same stretch of time (a trial on a tenth of the traffic), its blocks take that many more of it: as many as the
shares so far suggest, which is known before they end.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from soma.synthesizer.stats import Stratum

# Both arms are credited so many executions, lest the first few decide about shares.
_PRIOR = 10
# More on the larger side teach little: the spread of a block's difference falls by a tenth at the most.
_LARGEST = 9


class Item(NamedTuple):
    """One execution with known outcome: on which task, of which arm, and how it did."""

    task: str
    treated: bool
    good: bool


def blocks(items: Iterable[Item]) -> Iterator[Stratum]:
    """Blocks of ``items``, which come in the order of time; the first side of each is the control's."""
    waiting: dict[str, tuple[deque[bool], deque[bool]]] = defaultdict(lambda: (deque(), deque()))
    seen = [False, False]
    together = [_PRIOR, _PRIOR]
    for item in items:
        arm, other = int(item.treated), int(not item.treated)
        seen[arm] = True
        # What one arm did before the other began says nothing about how they share the time.
        if seen[other]:
            together[arm] += 1
        sides = waiting[item.task]
        sides[arm].append(item.good)
        if sides[other]:
            control, treatment = (
                _taken(sides[side], min(_LARGEST, max(1, round(together[side] / together[1 - side]))))
                for side in (0, 1)
            )
            yield Stratum(sum(control), len(control), sum(treatment), len(treatment))


def differences(found: Iterable[Stratum]) -> Counter[float]:
    """How often each difference of rates, treatment minus control, was seen in the blocks."""
    return Counter(
        block.second_successes / block.second_total - block.first_successes / block.first_total for block in found
    )


def _taken(side: deque[bool], most: int) -> list[bool]:
    return [side.popleft() for _ in range(min(most, len(side)))]
