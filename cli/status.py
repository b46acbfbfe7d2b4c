"""``soma status``: what the vault holds, and the agents by health."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option


@click.command("status")
@team_option
@vault_option
@engine_option
@json_option
def command(
    team: str | None = None, vault: str | None = None, engine: str | None = None, as_json: bool = False
) -> None:
    """What the vault holds, and the agents by health: runs, failures, trend, last seen, what is not known."""
    from soma.synthesizer.jobs import health
    from soma.synthesizer.jobs.health.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team, engine)
    emit(health.run(snapshot, version=snapshot.version), as_json, render)
