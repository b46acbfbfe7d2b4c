"""``soma vault repair``: the vault is made whole, and the sources that lost rows are read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import msgspec

from soma.schema import EXECUTIONS, INSIGHTS, OUTCOMES, SOURCES, TABLES, Table
from soma.vault import Snapshot, VaultRoot
from soma.vault.check import check_vault
from soma.vault.damage import Finding
from soma.vault.repair import LOST, UNKNOWN_PATH, Mended, SetAside, TakenOut, mend

from .discover import check_paths
from .harvest import harvest
from .options import Options, Progress

_DEFAULTS = Options()


class TableRows(msgspec.Struct, frozen=True, rename="camel"):
    """Rows of one table: after what is broken was taken out, and after sources were read again."""

    table: str
    left: int
    now: int


class LostSource(msgspec.Struct, frozen=True, rename="camel"):
    """A source of which not all could be rebuilt.

    Attributes:
        path: Where it was; ``?`` when that was lost with the ledger.
        executions: How many of its executions are not in the vault, as far as the ledger tells.
        why: Why not.
    """

    path: str
    executions: int
    why: str


class Repaired(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The result of ``soma vault repair``.

    Attributes:
        findings: What was wrong.
        taken_out: Files that no longer belong to their table; they stay on disk until ``soma vault vacuum``.
        set_aside: Tables that were made anew.
        reread: Sources that were read again.
        rebuilt: Executions that came back.
        kept: Executions of sources that are gone whose rows were found in files that can still be read.
        tables: Rows before and after reading again.
        lost: Sources of which something could not be rebuilt.
        cannot: What else could not be rebuilt, in words.
        remaining: What is still wrong afterwards.
    """

    schema: str = "soma.vault.repair"
    schema_version: int = 1
    version: int
    findings: list[Finding]
    taken_out: list[TakenOut]
    set_aside: list[SetAside]
    reread: int
    rebuilt: int
    kept: int
    tables: list[TableRows]
    lost: list[LostSource]
    cannot: list[str]
    remaining: list[Finding]

    @property
    def exit_code(self) -> int:
        """0 when everything is as it was, 1 when something could not be rebuilt."""
        return 1 if self.lost or self.cannot or self.remaining else 0


class _Marked(msgspec.Struct, frozen=True):
    """A source that has to be read again, as the ledger knows it."""

    source_id: str
    path: str
    claims: list[str]
    executions: int
    reader: str


def repair(
    vault: VaultRoot,
    paths: Sequence[str] = (),
    options: Options = _DEFAULTS,
    on_progress: Callable[[Progress], None] | None = None,
) -> Repaired:
    """Take out what is broken, then read the sources again whose rows were lost.

    A repair that was killed is finished by the next one, or by the next harvest of these sources.

    Args:
        vault: The vault.
        paths: Where sources lie, for the case that the ledger itself was lost; all of it is harvested.
        options: How to read; the same as when the sources were harvested, else their rows change.
        on_progress: Told after every portion.

    Raises:
        UsageError: if a path does not exist.
        VaultError: if the vault's key is missing, or the vault cannot be written to.
    """
    check_paths(paths)
    mended = mend(vault)
    before = vault.snapshot()
    marked = _marked(before)
    here = [source.path for source in marked if os.path.isfile(source.path)]
    reread = 0
    if here or (paths and (mended.findings or marked)):
        done = harvest([*here, *paths], vault, options, on_progress)
        reread = done.sources.read
    after = vault.snapshot()
    return Repaired(
        version=after.version,
        findings=mended.findings,
        taken_out=mended.taken_out,
        set_aside=mended.set_aside,
        reread=reread,
        rebuilt=len(_executions(after) - _executions(before)),
        kept=mended.kept,
        tables=[TableRows(table.path, _rows(before, table), _rows(after, table)) for table in TABLES],
        lost=_lost(marked, after),
        cannot=_cannot(mended, marked, options, set(here)),
        remaining=check_vault(vault).findings,
    )


def _marked(snapshot: Snapshot) -> list[_Marked]:
    rows = snapshot.sql(
        "SELECT source_id, path, claims, executions, reader FROM sources "
        "WHERE status = 'failed' AND reason = ? ORDER BY path, source_id",
        [LOST],
    )
    return [_Marked(**row) for row in rows.to_pylist()]


def _executions(snapshot: Snapshot) -> set[str]:
    return set(snapshot.read(EXECUTIONS, ["execution_id"])["execution_id"].to_pylist())


def _rows(snapshot: Snapshot, table: Table) -> int:
    return sum(snapshot.live(table).files().values())


def _lost(marked: Sequence[_Marked], after: Snapshot) -> list[LostSource]:
    there = _executions(after)
    rows = after.read(SOURCES, ["source_id", "status", "reason"]).to_pylist()
    now = {row["source_id"]: row for row in rows}
    lost = []
    for source in marked:
        lacking = max(0, source.executions - len(there & set(source.claims)))
        row = now[source.source_id]
        read = row["reason"] != LOST
        if not read and source.path == UNKNOWN_PATH:
            lost.append(LostSource(source.path, lacking, "its path was lost with the ledger; its rows are kept"))
        elif not read and not os.path.isfile(source.path):
            if lacking:
                lost.append(LostSource(source.path, lacking, "the source is gone"))
        elif row["status"] == "failed":
            lost.append(LostSource(source.path, lacking, row["reason"] or "it could not be read"))
        elif lacking:
            lost.append(LostSource(source.path, lacking, "the source no longer holds them"))
    return lost


def _cannot(mended: Mended, marked: Sequence[_Marked], options: Options, here: set[str]) -> list[str]:
    told = []
    held = {name: sum(item.rows for item in mended.taken_out if item.table.endswith(f"/{name}")) for name in _OTHERS}
    for name, words in _OTHERS.items():
        if name in mended.damaged:
            many = f" ({held[name]:,} rows)" if held[name] else ""
            told.append(words.format(many=many))
    reader = options.reader()
    others = sum(1 for source in marked if source.path in here and source.reader not in {reader, ""})
    if others:
        told.append(
            f"{others:,} of the sources were first read by another version of soma or with other options (--agent, "
            "--format, --mapping): their rows are now what the settings in force make of them; "
            "where that is wrong, harvest them again with these options"
        )
    return told


_OTHERS = {
    OUTCOMES.name: "outcome labels were lost{many}: no source holds them; import their file again with "
    "soma outcomes import CSV",
    INSIGHTS.name: "insights were lost{many}: those that sources tell were read again where the sources still exist; "
    "a person's decisions about them cannot be rebuilt",
}
