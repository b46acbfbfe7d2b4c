"""What no commit may break, whoever makes it: rules of the tables, checked on rows before they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from soma.errors import VaultError
from soma.schema import AUDIT, DECAYED, FIRING_OUTCOMES, FIRINGS, LAYERS, POLICIES, PROPOSALS, Table

if TYPE_CHECKING:
    import pyarrow as pa

_NEVER_EMPTY = {FIRINGS.name: "firing_id", FIRING_OUTCOMES.name: "firing_id"}
"""A firing without an id could not be dealt an arm, nor its outcome be told from another's: a bias nobody would see."""

_ONE_OF: Mapping[tuple[str, str], Sequence[str]] = {
    (PROPOSALS.name, "status"): ("pending", "promoted", "rejected", "superseded", "retired"),
    (DECAYED.name, "status"): ("decayed",),
    (DECAYED.name, "decayed_from"): LAYERS[1:],
    (POLICIES.name, "effect"): ("error", "warning"),
    (POLICIES.name, "mode"): ("enforce", "shadow"),
    (POLICIES.name, "status"): ("active", "retired", "superseded"),
    (AUDIT.name, "action"): ("request", "promote", "supersede", "reject", "retire"),
}
"""Table and column to the only values that may stand there."""


def require(table: Table, rows: pa.Table) -> None:
    """Refuse rows that break a rule of their table.

    Raises:
        VaultError: naming the table, the column and how many rows break the rule; nothing is written then.
    """
    import pyarrow.compute as pc

    for column in table.columns:
        if not column.nullable and (missing := rows[column.name].null_count):
            raise _refused(table, f"{missing:,} of {rows.num_rows:,} rows have no {column.name}")
    never_empty = _NEVER_EMPTY.get(table.name)
    if never_empty is not None and (empty := pc.sum(pc.equal(rows[never_empty], "")).as_py()):
        raise _refused(table, f"{empty:,} of {rows.num_rows:,} rows have an empty {never_empty}")
    for (name, column_name), allowed in _ONE_OF.items():
        if name == table.name and (odd := set(rows[column_name].to_pylist()) - set(allowed)):
            raise _refused(table, f"{sorted(odd)[0]!r} is no {column_name}; it is one of {', '.join(allowed)}")


def _refused(table: Table, why: str) -> VaultError:
    hint = "nothing was written; this is a bug of whoever made the rows"
    return VaultError(why, where=table.path, hint=hint)
