"""Firings of real deployments: each is dealt an arm as it is recorded, and its outcomes are added as they come.

Everything happens under the writer's lock and from stored rows alone: who records at the same time, or again after a
crash, finds what the other has written. So a firing has one arm, and blocks stay balanced over all processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from soma.errors import UsageError
from soma.identity import digest
from soma.pressure.assignment import Firing, GuidanceArm, Urn, draw, family_of, urn_after
from soma.schema import FIRING_OUTCOMES, FIRINGS, Table
from soma.vault import VaultRoot
from soma.vault.writer import Changes

from .outcome import END, HORIZONS
from .rows import TEXT
from .vault import query

if TYPE_CHECKING:
    from soma.vault import Snapshot

Source = Literal["hook", "wrap", "runtime", "test"]


class Fired(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pattern fired in a real deployment.

    Attributes:
        firing_id: Stable: a firing that is recorded again is told by it. source: Who saw it; ``test`` never counts.
        pattern, pattern_version: Which. agent_id: At whose action. severity: ``info``, ``warn`` or ``critical``.
        engine: Digest of engine, configuration and patterns. pressure: Own pressure then. what: What was seen.
        healing: Role advised next. execution_id, decision_id, step, fired_at: Where and when (epoch microseconds).
    """

    firing_id: str
    source: Source
    pattern: str
    pattern_version: int
    agent_id: str
    severity: Literal["info", "warn", "critical"]
    engine: str
    pressure: float
    what: str
    healing: str | None = None
    execution_id: str | None = None
    decision_id: str | None = None
    step: int | None = None
    fired_at: int | None = None


class Became(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a firing at a horizon: ``soma.pressure.replay.outcome``. ``None`` means not known."""

    firing_id: str
    horizon: int
    pressure: float | None = None
    recovered: bool | None = None
    followed: bool | None = None
    success: bool | None = None


def record(
    root: VaultRoot,
    fired: Iterable[Fired] = (),
    became: Iterable[Became] = (),
    *,
    redact: Callable[[str], str],
) -> dict[str, GuidanceArm]:
    """Record firings, in the order given, each with its arm, and outcomes.

    Args:
        root: The vault.
        fired: One that was recorded before keeps its arm; nothing is written for it.
        became: Of firings recorded now or before; an outcome told again replaces what was told.
        redact: Takes secrets out of a text.

    Returns:
        The arm of each of ``fired``.

    Raises:
        UsageError: if an outcome is of a firing that was never recorded, or of a horizon that is none.
        VaultError: if a firing has no id; nothing is written then.
        VaultLocked: if another writer holds the vault.
    """
    firings = list(fired)
    outcomes = {(one.firing_id, one.horizon): one for one in became}
    if wrong := sorted({horizon for _, horizon in outcomes} - {*HORIZONS, END}):
        raise UsageError(f"an outcome is told after 1, 5 or 10 actions, or 0 for the end, not after {wrong[0]}")
    with root.writer() as writer:
        snapshot = root.snapshot()
        dealt = _dealt(snapshot)
        arms: dict[str, GuidanceArm] = {row["firing_id"]: row["arm"] for row in dealt}
        new = {one.firing_id: one for one in firings if one.firing_id not in arms}
        rows = _rows(list(new.values()), dealt, seed_of(root), redact)
        arms |= {row["firing_id"]: row["arm"] for row in rows}
        if unknown := sorted({firing_id for firing_id, _ in outcomes} - arms.keys()):
            raise UsageError(f"{unknown[0]!r} is no firing that was recorded", hint="record the firing first")
        changes = Changes()
        changes.add(FIRINGS, "firing_id", set(), _table(FIRINGS, rows))
        _add_outcomes(changes, snapshot, outcomes)
        writer.commit(changes, role="recorder")
    return {one.firing_id: arms[one.firing_id] for one in firings}


def seed_of(root: VaultRoot) -> str:
    """What decides arms: made of the vault's secret key, so that it is stored once and nobody can foresee an arm."""
    return digest("arms of firings", key=root.key(), size=16)


def _dealt(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Every firing that has an arm, in the order in which they were dealt; those of tests too."""
    rows: list[dict[str, Any]] = snapshot.sql(query("dealt")).to_pylist()
    return rows


def _rows(
    new: Sequence[Fired], dealt: Iterable[dict[str, Any]], seed: str, redact: Callable[[str], str]
) -> list[dict[str, Any]]:
    first = 0
    before: dict[tuple[str, str], list[GuidanceArm]] = {}
    for row in dealt:
        first = row["dealt"] + 1
        before.setdefault((_stratum(row["source"], row["pattern"]), row["family"]), []).append(row["arm"])
    urns: dict[tuple[str, str], Urn] = {}
    rows = []
    for number, one in enumerate(new, first):
        if not one.firing_id:
            # Refused by the commit, as any row without an id is: ``soma.vault.invariants``.
            rows.append(_row(one, "control", number, redact))
            continue
        stratum = (_stratum(one.source, one.pattern), family_of(one.agent_id))
        if stratum not in urns:
            urns[stratum] = urn_after(seed, *stratum, before.get(stratum, ()))
        arm, urns[stratum] = draw(seed, Firing(one.firing_id, stratum[0], one.agent_id), urns[stratum])
        rows.append(_row(one, arm, number, redact))
    return rows


def _stratum(source: str, pattern: str) -> str:
    """Tests draw from urns of their own: whatever they do, real blocks stay balanced."""
    return f"test {pattern}" if source == "test" else pattern


def _row(one: Fired, arm: GuidanceArm, number: int, redact: Callable[[str], str]) -> dict[str, Any]:
    row = msgspec.structs.asdict(one)
    return row | {
        "arm": arm,
        "family": family_of(one.agent_id),
        "dealt": number,
        # Redacted whole, then cut: a secret that is cut first goes unrecognised.
        "what": redact(one.what)[:TEXT],
    }


def _add_outcomes(changes: Changes, snapshot: Snapshot, outcomes: dict[tuple[str, int], Became]) -> None:
    ids = sorted({firing_id for firing_id, _ in outcomes})
    old = snapshot.sql(query("outcomes"), [ids]).to_pylist()
    told = {(row["firing_id"], row["horizon"]): row for row in old}
    whole = told | {key: msgspec.structs.asdict(one) for key, one in outcomes.items()}
    if whole != told:
        changes.add(
            FIRING_OUTCOMES, "firing_id", {row["firing_id"] for row in old}, _table(FIRING_OUTCOMES, whole.values())
        )


def _table(table: Table, rows: Iterable[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=table.arrow())
