"""How many peers took the same path as a run, choice by choice, counted over arrays: many runs may ask. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .model import Path

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Numbers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class Followed(NamedTuple):
    """How many peers took the same path so far, and how many of them succeeded."""

    runs: int
    succeeded: int


def followed(own: Path, peers: Sequence[Path]) -> list[Followed]:
    """Before the first choice of ``own`` and after each, up to where no peer follows any more."""
    with_us = list(peers)
    found = [_counted(with_us)]
    for place, action in enumerate(own.actions):
        with_us = [peer for peer in with_us if len(peer.actions) > place and peer.actions[place] == action]
        if not with_us:
            break
        found.append(_counted(with_us))
    return found


def _counted(peers: Sequence[Path]) -> Followed:
    return Followed(len(peers), sum(peer.success for peer in peers))


class Known:
    """The paths of all runs whose success is known, each action once as text.

    Args:
        rows: As ``known.sql`` gives them.
        assignments: Execution to task.
        wanted: The tasks that will be asked about.
    """

    def __init__(self, rows: pa.Table, assignments: Mapping[str, str], wanted: Collection[str]) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        members: dict[str, list[int]] = {task: [] for task in wanted}
        ids: list[str] = rows["execution_id"].to_pylist()
        self._place = {execution: place for place, execution in enumerate(ids)}
        for place, execution in enumerate(ids):
            task = assignments.get(execution)
            if task in members:
                members[task].append(place)
        self._members = {task: np.array(places, dtype=np.int64) for task, places in members.items()}
        success = rows["success"].to_numpy()
        self._success: Numbers = np.asarray(success, dtype=np.int64)
        # Lists of many chunks may be longer together than one array of theirs can be: each chunk is laid out by itself.
        lengths, choices = [], []
        for chunk in rows["actions"].chunks:
            lengths.append(pc.list_value_length(chunk).to_numpy(zero_copy_only=False))
            choices.append(chunk.flatten())
        encoded = pa.chunked_array(choices, pa.string()).dictionary_encode().unify_dictionaries()
        names = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], pa.string())
        self._number = {name: number for number, name in enumerate(names.to_pylist())}
        self._choices: Numbers = _together([chunk.indices.to_numpy() for chunk in encoded.chunks])
        self._lengths: Numbers = _together(lengths)
        self._starts: Numbers = np.cumsum(self._lengths) - self._lengths

    def followed(self, execution_id: str, actions: Sequence[str], task: str) -> list[Followed]:
        """As ``followed`` counts it among all other runs of one of the tasks."""
        with_us = self._members[task]
        with_us = with_us[with_us != self._place.get(execution_id, -1)]
        found = [self._counted(with_us)]
        for place, action in enumerate(actions):
            with_us = with_us[self._lengths[with_us] > place]
            with_us = with_us[self._choices[self._starts[with_us] + place] == self._number.get(action, -1)]
            if not len(with_us):
                break
            found.append(self._counted(with_us))
        return found

    def _counted(self, places: Numbers) -> Followed:
        return Followed(len(places), int(self._success[places].sum()))


def _together(parts: Sequence[Numbers]) -> Numbers:
    import numpy as np

    return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).astype(np.int64)
