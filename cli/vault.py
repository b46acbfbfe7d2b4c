"""``soma vault``: look at, check, repair and tidy the vault."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.schema import QUARANTINE, SOURCES, TABLES
from soma.synthesizer.commands import command_line
from soma.synthesizer.wording import number, plain
from soma.vault import Snapshot
from soma.vault.damage import Finding

from .options import config, json_option, open_vault, vault_option


class TableInfo(msgspec.Struct, frozen=True, rename="camel"):
    """One table of the vault."""

    table: str
    files: int
    rows: int
    bytes: int
    meaning: str


class UnusableSource(msgspec.Struct, frozen=True, rename="camel"):
    """A source of the ledger that yields nothing, or not all it should."""

    path: str
    status: str
    reason: str


class Quarantined(msgspec.Struct, frozen=True, rename="camel"):
    """A record that could not be used."""

    path: str
    offset: int
    length: int
    reason: str


class VaultInfo(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a vault consists of."""

    schema: str = "soma.vault.info"
    schema_version: int = 1
    path: str
    version: int
    layout: int
    tables: list[TableInfo]
    unusable: list[UnusableSource]
    quarantine: list[Quarantined]


@click.group("vault")
def command() -> None:
    """Look at, check, repair and tidy the vault."""


@command.command("info")
@click.option("--quarantine", is_flag=True, help="List the records that could not be used.")
@click.option("--sources", is_flag=True, help="List the sources that yield nothing, or not all they should.")
@vault_option
@json_option
def info(quarantine: bool, sources: bool, vault: str | None, as_json: bool) -> None:
    """Tables, files, rows and bytes; sources and records that could not be used."""
    from .output import emit

    root = open_vault(vault)
    snapshot = root.snapshot()
    tables = []
    for table in TABLES:
        live = snapshot.live(table)
        files, sizes = live.files(), live.sizes()
        tables.append(TableInfo(table.path, len(files), sum(files.values()), sum(sizes.values()), table.meaning))
    result = VaultInfo(
        path=root.address, version=snapshot.version, layout=root.schema_version(), tables=tables,
        unusable=_unusable(snapshot) if sources else [], quarantine=_quarantined(snapshot) if quarantine else [],
    )  # fmt: skip
    emit(result, as_json, _render_info)


def _unusable(snapshot: Snapshot) -> list[UnusableSource]:
    rows = snapshot.read(SOURCES, ["path", "status", "reason"]).sort_by("path").to_pylist()
    return [UnusableSource(row["path"], row["status"], row["reason"]) for row in rows if row["reason"]]


def _quarantined(snapshot: Snapshot) -> list[Quarantined]:
    paths = dict(zip(*snapshot.read(SOURCES, ["source_id", "path"]).to_pydict().values(), strict=True))
    rows = snapshot.read(QUARANTINE).sort_by([("source_id", "ascending"), ("source_offset", "ascending")]).to_pylist()
    return [
        Quarantined(paths.get(row["source_id"], "?"), row["source_offset"], row["source_length"], row["reason"])
        for row in rows
    ]


def _render_info(result: VaultInfo) -> RenderableType:
    table = _table("table", "files", "rows", "MB", "what it holds", right=("files", "rows", "MB"))
    for item in result.tables:
        table.add_row(item.table, f"{item.files:,}", f"{item.rows:,}", f"{item.bytes / 1e6:,.1f}", item.meaning)
    parts: list[RenderableType] = [
        Text(f"Vault {plain(result.path)} · version {result.version} · layout {result.layout}"), Text(), table,
    ]  # fmt: skip
    if result.unusable:
        listing = _table("source", "state", "why")
        for source in result.unusable:
            listing.add_row(Text(plain(source.path)), source.status, Text(plain(source.reason)))
        parts += [Text(), listing]
    if result.quarantine:
        listing = _table("source", "byte", "length", "why", right=("byte", "length"))
        for record in result.quarantine:
            place = (f"{record.offset:,}", f"{record.length:,}")
            listing.add_row(Text(plain(record.path)), *place, Text(plain(record.reason)))
        parts += [Text(), listing]
    return Group(*parts)


def _table(*names: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


@command.command("check")
@vault_option
@json_option
def check_(vault: str | None, as_json: bool) -> int:
    """Verify every file, that ids are unique, and the ledger against the rows.

    Exit code 1 says that something does not hold.
    """
    from soma.vault.check import Checked, check_vault

    from .output import emit

    result = check_vault(open_vault(vault))

    def render(checked: Checked) -> RenderableType:
        if checked.findings and not checked.files:
            # A log that cannot be read: nothing behind it could be counted.
            return Group(Text(number(len(checked.findings), "finding"), style="red"), *_findings(checked.findings))
        seen = (f"{number(checked.files, 'file')}, {number(checked.rows, 'row')}, "
                f"{number(checked.executions, 'execution')}, {number(checked.decisions, 'decision')}, "
                f"{number(checked.sources, 'source')} of vault version {checked.version}")  # fmt: skip
        if not checked.findings:
            return Text(f"The vault is whole: {seen}.")
        lines = [Text(f"{number(len(checked.findings), 'finding')} in {seen}", style="red")]
        return Group(*lines, *_findings(checked.findings))

    emit(result, as_json, render)
    return 1 if result.findings else 0


def _findings(findings: Sequence[Finding]) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(f"  {plain(item.where)}: {plain(item.problem)}") for item in findings]
    return [*lines, Text("  → take out what is broken and read the sources again:"), command_line("soma vault repair")]


@command.command("repair")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@vault_option
@json_option
def repair_(paths: tuple[str, ...], vault: str | None, as_json: bool) -> int:
    """Take out damaged files and read the sources again whose rows were lost.

    PATH says where sources lie; it is needed only when the ledger itself was lost. No file is deleted. Exit code 1 says
    that something could not be rebuilt.
    """
    from soma.adapters.mapped import load
    from soma.harvester.agents import AgentNames
    from soma.harvester.options import Options
    from soma.harvester.repair import repair

    from .output import emit
    from .repair_page import render

    root = open_vault(vault)
    settings = config(vault=vault).settings
    options = Options(
        jobs=settings.jobs, mapping=load(settings.mapping) if settings.mapping else None,
        agents=AgentNames(rules=settings.agents), emails=settings.redact.emails, phones=settings.redact.phones,
    )  # fmt: skip
    result = repair(root, paths, options)
    emit(result, as_json, render)
    return result.exit_code


@command.command("compact")
@vault_option
@json_option
def compact_(vault: str | None, as_json: bool) -> None:
    """Rewrite many small files into few; rows do not change."""
    from soma.vault.upkeep import Compacted, compact

    from .output import emit

    with open_vault(vault).writer() as writer:
        result = compact(writer)

    def render(done: Compacted) -> RenderableType:
        columns = ("files before", "files after", "rows before", "rows after")
        table = _table("table", *columns, right=columns)
        for item in done.tables:
            counts = (item.files_before, item.files_after, item.rows_before, item.rows_after)
            table.add_row(item.table, *(f"{count:,}" for count in counts))
        return Group(table, Text(), Text("The old files stay readable until: soma vault vacuum"))

    emit(result, as_json, render)


@command.command("vacuum")
@click.option("--retention-hours", type=click.IntRange(min=0), default=168, show_default=True,
              help="Keep files younger than this even when nothing refers to them.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only count.")
@vault_option
@json_option
def vacuum_(retention_hours: int, dry_run: bool, vault: str | None, as_json: bool) -> None:
    """Delete files that no version inside the retention refers to."""
    from soma.vault.upkeep import Vacuumed, vacuum

    from .output import emit

    with open_vault(vault).writer() as writer:
        result = vacuum(writer, retention_hours=retention_hours, dry_run=dry_run)

    def render(done: Vacuumed) -> RenderableType:
        verb = "would be deleted" if done.dry_run else "deleted"
        age = f"older than {number(done.retention_hours, 'hour')}"
        return Text(f"{number(done.files, 'file')} {verb}, {done.bytes / 1e6:,.1f} MB ({age}).")

    emit(result, as_json, render)
