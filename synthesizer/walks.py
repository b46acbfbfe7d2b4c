"""Which path each execution took, how it ended and what it took: read once for all jobs, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from soma.columns import floats_of

from .inputs import Queryable
from .kept import once_of
from .queries import query
from .stats import Proportion, proportion
from .words import Words, codes_of, sorted_codes, words_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

Measure = Literal["success", "status"]
_ENOUGH = 10


class Walks:
    """Executions that agents ran on their own account, in the order of their ids; columns have a value for each.

    Attributes:
        executions: Their ids.
        agent_names: The agents, in order; ``agents`` are their numbers.
        words: The recorded paths.
        recorded: Whether a path is recorded, be it an empty one.
        paths: The different paths, in order, among them that of executions without one; ``taken`` are their numbers.
        outcomes: By measure 1 where it did well, 0 where not, -1 where that is not known.
        durations_ms, costs_usd: NaN where they are not recorded.
    """

    def __init__(self, table: pa.Table) -> None:
        import numpy as np

        self._letters: dict[int, NDArray[Any]] = {}
        self.executions: list[str] = table["execution_id"].to_pylist()
        self.agent_names, self.agents = sorted_codes(table["agent_id"])
        self.words: Words = words_of(table)
        spelled = [self.words.of.get(execution, "") for execution in self.executions]
        self.recorded = np.array([execution in self.words.of for execution in self.executions], dtype=np.bool_)
        self.paths: list[str] = sorted(set(spelled))
        number = {path: place for place, path in enumerate(self.paths)}
        self.taken: Ints = np.array([number[path] for path in spelled], dtype=np.int64)
        ended = {"unknown": -1, "completed": 1}
        self.outcomes: dict[Measure, Ints] = {
            "success": np.array(
                [-1 if good is None else int(good) for good in table["success"].to_pylist()], dtype=np.int64
            ),
            "status": np.array([ended.get(status, 0) for status in table["status"].to_pylist()], dtype=np.int64),
        }
        self.durations_ms = floats_of(table["duration_ms"])
        self.costs_usd = floats_of(table["cost_usd"])

    @staticmethod
    def by_label(members: Ints, labels: Ints) -> list[Ints]:
        """The members with the same label together, each in their order; in the order of labels."""
        import numpy as np

        if not len(members):
            return []
        order = np.argsort(labels, kind="stable")
        return np.split(members[order], (np.diff(labels[order]) != 0).nonzero()[0] + 1)

    @cached_property
    def everyone(self) -> Ints:
        """The places of all executions."""
        import numpy as np

        return np.arange(len(self.executions))

    def letters(self, width: int) -> NDArray[Any]:
        """A row for each of ``paths``: the letters it begins with, as ``codes_of`` gives them."""
        import numpy as np

        if width not in self._letters:
            codes = codes_of(self.paths, width)
            # Half or a quarter of the memory where few actions are in use.
            self._letters[width] = codes.astype(np.min_scalar_type(int(codes.max(initial=0))))
        return self._letters[width]

    def tasks(self, assignments: Mapping[str, str]) -> tuple[list[str], Ints]:
        """The keys of tasks, in order, and by execution which of them it attempted; -1 where that is not known."""
        import numpy as np

        keys = sorted(set(assignments.values()))
        number: dict[str | None, int] = {key: place for place, key in enumerate(keys)}
        number[None] = -1
        return keys, np.array([number[assignments.get(each)] for each in self.executions], dtype=np.int64)

    def measure_of(self, members: Ints) -> Measure:
        """``success`` where it is known of ten of these executions or of half of them, else ``status``."""
        return measure_of(int((self.outcomes["success"][members] >= 0).sum()), len(members))

    def share(self, measure: Measure, members: Ints, level: float) -> Proportion | None:
        """How many of these executions did well; ``None`` when that is known of none."""
        return share_of(self.outcomes[measure][members].tolist(), level)


def measure_of(known: int, executions: int) -> Measure:
    """``success`` where it is known of ten executions or of half of them, else ``status``."""
    return "success" if known and (known >= _ENOUGH or 2 * known >= executions) else "status"


def share_of(outcomes: Sequence[int], level: float) -> Proportion | None:
    """How many of executions did well, by their outcomes: 1, 0, or -1 where it is not known."""
    known = len(outcomes) - outcomes.count(-1)
    return proportion(outcomes.count(1), known, level) if known else None


def walks_of(vault: Queryable) -> Walks:
    """What the vault shows, read once where several jobs ask."""
    return once_of(vault)(("walks",), lambda: Walks(vault.sql(query(__package__, "walks"))))
