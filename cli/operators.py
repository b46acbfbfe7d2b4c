"""``soma operators``: who stands behind the runs."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option


@click.command("operators")
@team_option
@vault_option
@engine_option
@json_option
def command(team: str | None, vault: str | None, engine: str | None, as_json: bool) -> None:
    """Operators with their sessions over all instances, and teams: as traces and soma.toml name them."""
    from soma.synthesizer.jobs import operators
    from soma.synthesizer.jobs.operators.explain import render

    from .output import emit

    emit(operators.run(open_snapshot(vault, team, engine)), as_json, render, schema="soma.operators", schemaVersion=1)
