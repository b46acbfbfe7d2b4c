"""Which of many things (actions, tasks) each of many runs did, column by column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soma.synthesizer.stats.change_point import Flags, Ints


class Things:
    """What runs did: pairs of run and thing, each pair once, in the order of runs.

    Attributes:
        names: The things, in the order of the alphabet.

    Args:
        did: What each run did.
        called: What the things in ``did`` are called, in the same order; as they are, where it is not given.
    """

    def __init__(
        self, did: Sequence[Collection[str]], called: Callable[[Iterable[str]], Iterable[str]] | None = None
    ) -> None:
        import numpy as np

        different = sorted(set().union(*did))
        number = {name: number for number, name in enumerate(different)}
        self.names = different if called is None else list(called(different))
        self._number = {name: number for number, name in enumerate(self.names)}
        self.runs = len(did)
        ends = np.cumsum([len(own) for own in did], dtype=np.int64) if did else np.zeros(0, dtype=np.int64)
        self._edges: Ints = np.concatenate((np.zeros(1, dtype=np.int64), ends))
        self._owners: Ints = np.repeat(np.arange(len(did)), np.diff(self._edges))
        self._numbers: Ints = np.fromiter(map(number.__getitem__, chain.from_iterable(did)), dtype=np.int64)

    def counts(self, start: int = 0, end: int | None = None) -> dict[str, int]:
        """How many of the runs from ``start`` to ``end`` did each thing, of those that any did."""
        import numpy as np

        until = self.runs if end is None else min(end, self.runs)
        many = np.bincount(self._numbers[self._edges[min(start, until)] : self._edges[until]])
        return {self.names[number]: int(many[number]) for number in many.nonzero()[0].tolist()}

    def having(self, thing: str) -> Flags:
        """Per run whether it did ``thing``."""
        import numpy as np

        found: Flags = np.zeros(self.runs, dtype=np.bool_)
        found[self._owners[self._numbers == self._number.get(thing, -1)]] = True
        return found

    def having_others(self, known: Collection[str]) -> Flags:
        """Per run whether it did anything that is none of ``known``."""
        import numpy as np

        other = np.array([name not in known for name in self.names], dtype=np.bool_)
        found: Flags = np.zeros(self.runs, dtype=np.bool_)
        found[self._owners[other[self._numbers]]] = True
        return found

    def part(self, start: int, end: int) -> Things:
        """The runs from ``start`` to ``end`` alone."""
        own = object.__new__(Things)
        own.names, own._number, own.runs = self.names, self._number, end - start
        own._edges = self._edges[start : end + 1] - self._edges[start]
        own._owners = self._owners[self._edges[start] : self._edges[end]] - start
        own._numbers = self._numbers[self._edges[start] : self._edges[end]]
        return own
