"""What executions chose at each place of their paths, and what came of it, column by column."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from soma.columns import array_of, numbers_of
from soma.synthesizer.words import Words

from .align import LONGEST

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int64]


class _Places(NamedTuple):
    """What belongs to places, all paths one after the other; ``starts`` tells where that of an execution begins."""

    starts: dict[str, int]
    decision_ids: pa.ChunkedArray
    durations_ms: pa.ChunkedArray
    failed: Flags
    timed_out: Flags


class Paths:
    """The paths of executions; what belongs to their places is read when it is first asked for.

    Attributes:
        words: What each execution chose.
    """

    def __init__(self, words: Words, places: Callable[[], pa.Table]) -> None:
        self.words = words
        self._places = places

    @cached_property
    def beginnings(self) -> list[str]:
        """The different beginnings of paths that are looked at, in order."""
        return sorted({"", *(word[:LONGEST] for word in self.words.of.values())})

    @cached_property
    def beginning_of(self) -> dict[str, int]:
        """Execution to the place of its beginning in ``beginnings``."""
        number = {word: place for place, word in enumerate(self.beginnings)}
        return {execution: number[word[:LONGEST]] for execution, word in self.words.of.items()}

    def failed(self, executions: list[str], places: list[int]) -> int:
        """At how many of these places a decision failed."""
        return int(self._read.failed[self._at(executions, places)].sum())

    def timed_out(self, executions: list[str], places: list[int]) -> int:
        """At how many of these places a decision timed out."""
        return int(self._read.timed_out[self._at(executions, places)].sum())

    def durations(self, executions: list[str], places: list[int]) -> list[float]:
        """How long the first decision of each of these places took, of those where it is known; milliseconds."""
        taken = self._read.durations_ms.take(self._indices(executions, places))
        known: list[float] = taken.drop_null().to_pylist()
        return known

    def decisions(self, executions: list[str], places: list[int]) -> list[str]:
        """The first decision of each of these places."""
        found: list[str] = self._read.decision_ids.take(self._indices(executions, places)).to_pylist()
        return found

    def _indices(self, executions: list[str], places: list[int]) -> pa.Array:
        return array_of(self._at(executions, places))

    def _at(self, executions: list[str], places: list[int]) -> Ints:
        import numpy as np

        starts = self._read.starts
        return np.array([starts[execution] for execution in executions], dtype=np.int64) + np.array(
            places, dtype=np.int64
        )

    @cached_property
    def _read(self) -> _Places:
        import numpy as np
        import pyarrow.compute as pc

        table = self._places()
        lengths = numbers_of(pc.list_value_length(table["decision_ids"]))
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        return _Places(
            starts=dict(zip(table["execution_id"].to_pylist(), starts.tolist(), strict=True)),
            decision_ids=pc.list_flatten(table["decision_ids"]),
            durations_ms=pc.list_flatten(table["durations_ms"]),
            failed=numbers_of(pc.list_flatten(table["failed"])) > 0,
            timed_out=numbers_of(pc.list_flatten(table["timeouts"])) > 0,
        )
