"""What executions chose at each place of their paths, and what came of it, column by column."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from soma.synthesizer.words import Words, array_of, numbers_of

from .align import LONGEST
from .model import Path

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Paths:
    """The paths of executions; what belongs to their places is read when it is first asked for.

    Attributes:
        words: What each execution chose.
    """

    def __init__(self, words: Words, places: Callable[[], pa.Table]) -> None:
        self.words = words
        self._read = places

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
        return int((self._counts["failed"][self._at(executions, places)] > 0).sum())

    def timed_out(self, executions: list[str], places: list[int]) -> int:
        """At how many of these places a decision timed out."""
        return int((self._counts["timeouts"][self._at(executions, places)] > 0).sum())

    def durations(self, executions: list[str], places: list[int]) -> list[float]:
        """How long the first decision of each of these places took, of those where it is known; milliseconds."""
        taken = self._flat["durations_ms"].take(self._indices(executions, places))
        known: list[float] = taken.drop_null().to_pylist()
        return known

    def decisions(self, executions: list[str], places: list[int]) -> list[str]:
        """The first decision of each of these places."""
        found: list[str] = self._flat["decision_ids"].take(self._indices(executions, places)).to_pylist()
        return found

    def _indices(self, executions: list[str], places: list[int]) -> pa.Array:
        return array_of(self._at(executions, places))

    def _at(self, executions: list[str], places: list[int]) -> Ints:
        import numpy as np

        starts, row_of = self._starts
        return starts[np.array([row_of[execution] for execution in executions], dtype=np.int64)] + np.array(
            places, dtype=np.int64
        )

    @cached_property
    def _table(self) -> pa.Table:
        return self._read()

    @cached_property
    def _starts(self) -> tuple[Ints, dict[str, int]]:
        import numpy as np
        import pyarrow.compute as pc

        lengths = numbers_of(pc.list_value_length(self._table["decision_ids"]))
        executions = self._table["execution_id"].to_pylist()
        return np.cumsum(lengths) - lengths, {execution: row for row, execution in enumerate(executions)}

    @cached_property
    def _flat(self) -> dict[str, pa.ChunkedArray]:
        import pyarrow.compute as pc

        return {name: pc.list_flatten(self._table[name]) for name in Path.__struct_fields__ if name != "execution_id"}

    @cached_property
    def _counts(self) -> dict[str, Ints]:
        return {name: numbers_of(self._flat[name]) for name in ("failed", "timeouts")}
