"""``soma briefing``: is this agent healthy, why not, what to do."""

from __future__ import annotations

import click

from .options import json_option, open_snapshot, team_option, vault_option


@click.command("briefing")
@click.option("--agent", metavar="NAME", required=True, help="The agent, as soma status names it.")
@team_option
@vault_option
@json_option
def command(agent: str, team: str | None, vault: str | None, as_json: bool) -> None:
    """Half a minute about one agent: is it healthy, why not, what to do, its peers, its last failed run."""
    from soma.synthesizer.jobs import briefing
    from soma.synthesizer.jobs.briefing.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team)
    emit(briefing.run(snapshot, agent, version=snapshot.version), as_json, render)
