"""What jobs read from the vault as columns, made of rows instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import pyarrow as pa

from soma.synthesizer.jobs.divergence.model import Path
from soma.synthesizer.jobs.divergence.places import Paths
from soma.synthesizer.walks import Walks
from soma.synthesizer.words import Words, words_of

from .lake import table


class Walk(msgspec.Struct, frozen=True):
    """One execution that an agent ran on its own account; fields in the order of the columns of ``walks.sql``."""

    execution_id: str
    agent_id: str
    actions: list[str] | None
    status: str
    success: bool | None
    duration_ms: float | None
    cost_usd: float | None


def walks(rows: Iterable[Walk]) -> Walks:
    """Of rows in any order."""
    ordered: list[Walk] = sorted(rows, key=lambda row: row.execution_id)
    return Walks(table(Walk, ordered))


def words(paths: Mapping[str, Sequence[str]]) -> Words:
    """The paths of these executions as words."""
    columns = {"execution_id": pa.array(paths, pa.string()), "actions": pa.array(paths.values(), pa.list_(pa.string()))}
    return words_of(pa.table(columns))


def paths(spelled: Words, rows: Iterable[Path]) -> Paths:
    """What belongs to the places of paths."""
    told = [msgspec.structs.asdict(row) for row in rows]
    return Paths(spelled, lambda: pa.table({name: [row[name] for row in told] for name in Path.__struct_fields__}))
