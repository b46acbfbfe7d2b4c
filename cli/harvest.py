"""``soma harvest``: traces in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from soma import clock
from soma.errors import UsageError
from soma.vault import VaultRoot

from .options import config, engine_option, json_option, vault_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from soma.harvester.harvest import Options, Progress


@click.command("harvest")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--dry-run", is_flag=True, help="Read and report, write nothing.")
@click.option("--agent", metavar="NAME", help="Name all agents NAME, whatever the traces say.")
@click.option("--format", "format_", metavar="NAME", help="Read every file as this format instead of recognising it.")
@click.option("--mapping", metavar="TOML", type=click.Path(exists=True, dir_okay=False),
              help="A format described by you; docs/mapping.md shows how.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Show which adapter claims each file, why, and the first decisions.")
@click.option("--since", metavar="WHEN", help="Only files modified since: a date, an instant, or 36h, 14d.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes (default: one per processor).")
@click.option("--success-from", metavar="CSV", type=click.Path(exists=True, dir_okay=False),
              help="Labels from outside: columns execution_id or session_id, success, score.")  # fmt: skip
@engine_option
@vault_option
@json_option
def command(
    paths: tuple[str, ...], dry_run: bool, agent: str | None, format_: str | None, mapping: str | None, explain: bool,
    since: str | None, jobs: int | None, success_from: str | None, engine: str | None, vault: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Read traces of any framework into the vault.

    PATH is a file, a folder or a glob. What was read before and has not changed is not read again; what no adapter
    claims, what is empty and what is damaged is named with the reason. Exit code 4 says that some sources failed; the
    rest is kept.
    """
    import msgspec

    from soma.adapters.registry import adapter_named
    from soma.engine.pool import workers
    from soma.harvester.harvest import harvest
    from soma.harvester.labels import import_labels, read_labels
    from soma.harvester.options import options_of

    from .harvest_page import render
    from .output import emit, note

    settings = config(vault=vault, jobs=jobs, mapping=mapping, engine=engine).settings
    given = options_of(settings, agent=agent, format_=format_)
    if format_ and not (given.mapping and given.mapping.name == format_):
        adapter_named(format_)
    labels = read_labels(success_from) if success_from else None
    root = VaultRoot(settings.vault)
    options = msgspec.structs.replace(given, since_ns=_since(since), dry_run=dry_run)
    if explain:
        _explain(paths, options, as_json)
        return 0
    with workers(settings.engine, root) as readers, _bar(quiet=as_json) as on_progress:
        summary = harvest(paths, root, options, on_progress, readers)
    emit(summary, as_json, lambda result: render(result, settings.vault))
    if labels is not None and not dry_run:
        matched = import_labels(root, labels)
        note(f"{matched.matched:,} of {matched.labels:,} labels name a run of the vault")
    return 130 if summary.interrupted else summary.exit_code


def _explain(paths: tuple[str, ...], options: Options, as_json: bool) -> None:
    from soma.config import personal_key
    from soma.harvester.discover import discover
    from soma.harvester.explain import explain

    from .explain import ExplainedFiles, explained, render
    from .output import emit, note

    settings = options.settings(None, personal_key())
    discovered = discover(paths)
    for path, why in (*discovered.unreadable, *discovered.passed_by):
        note(f"{path}: {why}")
    found = [explained(explain(candidate, settings)) for candidate in discovered.candidates]
    emit(ExplainedFiles(files=tuple(found)), as_json, render)


def _since(text: str | None) -> int | None:
    """Nanoseconds since 1970 of a date, an instant or an age such as ``14d``."""
    if text is None:
        return None
    unit = {"h": 3600, "d": 86400, "m": 60, "w": 604800}.get(text[-1:])
    if unit and text[:-1].isdigit():
        return (clock.now() - int(text[:-1]) * unit * 1_000_000) * 1000
    moment = clock.from_iso(text)
    if moment is None:
        hint = "write it like 2026-03-21, 2026-03-21T09:30:00Z, 36h or 14d"
        raise UsageError(f"--since cannot be read: {text!r}", hint=hint)
    return moment * 1000


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A progress bar with rate and time left on stderr, when a person is watching."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from .output import console

    columns = (TextColumn("Harvesting"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("harvest", total=None)
        yield lambda done: bar.update(task, total=done.bytes_total, completed=done.bytes)
