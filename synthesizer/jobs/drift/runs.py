"""The executions of agents in the order of time, column by column."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from soma.columns import floats_of, numbers_of
from soma.synthesizer.words import Words, sorted_codes, spelled, words_of

if TYPE_CHECKING:
    import pyarrow as pa

    from soma.synthesizer.stats.change_point import Floats, Ints

_NOT_KNOWN = -1
_UNDATED = -(2**63)
_STATUS = {"unknown": _NOT_KNOWN, "completed": 1}


class Read(NamedTuple):
    """What ``query.sql`` answers; columns have a value for each execution.

    Attributes:
        executions: Their ids, in the order of the agents they are of.
        agents: Agent to the stretch of its executions.
        models: The models in order, the empty one for those whose model is not known; ``model`` are their numbers.
        successes, statuses: 1 where it did well, 0 where not, -1 where that is not known.
        started_at: Epoch microseconds; the least number there is where it is not known.
        durations_ms, costs_usd: NaN where they are not known.
        words: The recorded paths, where a choice is recorded at all.
        firsts, times: How often in a row each place of a path was done, of all paths, and where those of each begin.
    """

    executions: list[str]
    agents: dict[str, tuple[int, int]]
    models: tuple[str, ...]
    model: Ints
    successes: Ints
    statuses: Ints
    started_at: Ints
    durations_ms: Floats
    costs_usd: Floats
    words: Words
    firsts: Ints
    times: Ints

    def runs_of(self, agent: str) -> Runs:
        """The runs of one agent."""
        import numpy as np

        first, end = self.agents[agent]
        # By time, then by id, which is how they lie.
        starts = self.started_at[first:end]
        order = np.argsort(starts, kind="stable")
        return Runs(self, first + order[starts[order] != _UNDATED], end - first)


class Runs:
    """The runs of one agent whose time is known, in its order.

    Attributes:
        places: Where they stand in what was read.
        all: How many runs there are, dated or not.
    """

    def __init__(self, read: Read, places: Ints, every: int) -> None:
        self._read = read
        self.places = places
        self.all = every

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def executions(self) -> list[str]:
        """Their ids."""
        return [self._read.executions[place] for place in self.places.tolist()]

    @property
    def started_at(self) -> Ints:
        """When each began; epoch microseconds."""
        return self._read.started_at[self.places]

    @property
    def successes(self) -> Ints:
        """Whether the task was achieved: 1, 0, or -1 where that is not known."""
        return self._read.successes[self.places]

    @property
    def statuses(self) -> Ints:
        """The same of how they ended."""
        return self._read.statuses[self.places]

    @property
    def durations_ms(self) -> Floats:
        """NaN where it is not known."""
        return self._read.durations_ms[self.places]

    @property
    def costs_usd(self) -> Floats:
        """NaN where it is not known."""
        return self._read.costs_usd[self.places]

    @property
    def models(self) -> list[str]:
        """The model of each; empty where it is not known."""
        names = self._read.models
        return [names[number] for number in self._read.model[self.places].tolist()]

    @cached_property
    def words(self) -> list[str | None]:
        """The path of each; ``None`` where no choice is recorded."""
        of = self._read.words.of
        return [of.get(execution) for execution in self.executions]

    def path(self, letters: Iterable[str]) -> tuple[str, ...]:
        """The actions that letters of words stand for."""
        return self._read.words.path(letters)

    def counts(self) -> dict[str, int]:
        """How often each action was done, over all runs."""
        import numpy as np

        recorded = [(place, word) for place, word in zip(self.places.tolist(), self.words, strict=True) if word]
        letters = spelled("".join(word for _, word in recorded))
        lengths = np.array([len(word) for _, word in recorded], dtype=np.int64)
        firsts = self._read.firsts[np.array([place for place, _ in recorded], dtype=np.int64)]
        # Of each letter its place among those of all paths.
        before = np.cumsum(lengths) - lengths
        at = np.repeat(firsts - before, lengths) + np.arange(len(letters))
        many = np.bincount(letters, weights=self._read.times[at])
        return {self._read.words.actions[letter]: int(many[letter]) for letter in np.unique(letters).tolist()}


def read(table: pa.Table) -> Read:
    """What the query answers, as columns."""
    import numpy as np
    import pyarrow.compute as pc

    names, codes = sorted_codes(table["agent_id"])
    begins = np.unique(codes, return_index=True)[1].tolist()
    models, model = sorted_codes(pc.fill_null(table["model"], ""))
    success = pc.fill_null(pc.cast(table["success"], "int8"), _NOT_KNOWN)
    statuses, status = sorted_codes(table["status"])
    ended = np.array([_STATUS.get(name, 0) for name in statuses], dtype=np.int64)
    lengths = numbers_of(pc.fill_null(pc.list_value_length(table["decisions"]), 0)).astype(np.int64)
    return Read(
        executions=table["execution_id"].to_pylist(),
        agents={names[codes[begin]]: (begin, end) for begin, end in itertools.pairwise([*begins, len(codes)])},
        models=models,
        model=model,
        successes=numbers_of(success).astype(np.int64),
        statuses=ended[status],
        started_at=numbers_of(pc.fill_null(table["started_at"], _UNDATED)),
        durations_ms=floats_of(table["duration_ms"]),
        costs_usd=floats_of(table["cost_usd"]),
        words=words_of(table),
        firsts=np.cumsum(lengths) - lengths,
        times=numbers_of(pc.list_flatten(table["decisions"])),
    )
