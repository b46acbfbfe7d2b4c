"""``soma nightly``: everything that is to be done once a night, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import config, engine_option, json_option, open_vault, vault_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from soma.api.nightly import Night


@click.command("nightly")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--out", metavar="DIR", type=click.Path(file_okay=False),
              help="Folder of the report and its page (default: the folder the vault lies in).")  # fmt: skip
@click.option("--wait", metavar="SECONDS", type=click.FloatRange(min=0), default=0.0,
              help="Wait so long for another night to end (default: not at all).")  # fmt: skip
@engine_option
@vault_option
@json_option
def command(
    paths: tuple[str, ...], out: str | None, wait: float, engine: str | None, vault: str | None, as_json: bool
) -> int:
    """Harvest, replay, synthesize, gate and report, under a lock; prints one line.

    Writes soma-report.json and soma-report.html, and keeps the report before as soma-report.previous.json, from which
    it tells what changed. Exit code 4 says that some sources failed (the rest is done), 5 that another night is
    running. A night that was killed is repaired by the next.
    """
    from soma.api.nightly import nightly
    from soma.engine.pool import workers
    from soma.harvester.options import options_of

    from .output import emit, progress

    settings = config(vault=vault, engine=engine).settings
    root = open_vault(vault)
    folder = Path(out) if out else root.path.resolve().parent
    with workers(settings.engine, root) as readers, progress() as told:
        options = options_of(settings)
        night = nightly(root, paths, folder, settings, options, wait_s=wait, told=told, start_workers=readers)
    emit(night, as_json, _line, schema="soma.nightly", schemaVersion=1)
    return night.exit_code


def _line(night: Night) -> RenderableType:
    """The whole night in one line, however long: it is meant for a log."""
    from rich.console import Group
    from rich.text import Text

    from soma.synthesizer.wording import number, plain

    unhealthy = night.critical + night.degraded
    words = [
        f"{unhealthy:,} of {number(night.agents, 'agent')} unhealthy ({night.critical:,} critical)",
        *([f"{night.worse:,} worse, {night.better:,} better"] if night.worse is not None else ["first night"]),
        f"{number(night.executions, 'new run')}",
        f"{number(night.found, 'new finding')}, {night.pending:,} to review",
        *([f"{number(night.sources_failed, 'source')} failed"] if night.sources_failed else []),
        f"{night.seconds:.1f} s",
    ]
    told = f"soma nightly: {', '.join(words)} → {plain(night.page, 1000)}"
    # In a group, because a text by itself would be wrapped all the same.
    return Group(Text(told, no_wrap=True, overflow="ignore"))
