"""``soma sources``: what the sources can and cannot tell."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("sources")
@click.option("--all", "show_all", is_flag=True, help="List every source, not only the silent ones.")
@vault_option
@engine_option
@json_option
def command(show_all: bool, vault: str | None, engine: str | None, as_json: bool) -> None:
    """What each format really told, field by field, and which sources exist and yield nothing."""
    from soma.synthesizer.jobs import coverage
    from soma.synthesizer.jobs.coverage.explain import render

    from .output import emit

    emit(coverage.run(open_snapshot(vault, engine=engine)), as_json, lambda found: render(found, everything=show_all))
