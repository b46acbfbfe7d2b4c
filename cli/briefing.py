"""``soma briefing``: is this agent healthy, why not, what to do."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, open_vault, team_option, vault_option


@click.command("briefing")
@click.option("--agent", metavar="NAME", required=True, help="The agent, as soma status names it.")
@team_option
@vault_option
@engine_option
@json_option
def command(agent: str, team: str | None, vault: str | None, engine: str | None, as_json: bool) -> None:
    """Half a minute about one agent: is it healthy, why not, what to do, its peers, its last failed run."""
    from soma import clock
    from soma.api.binding import binding_on
    from soma.synthesizer.jobs import briefing
    from soma.synthesizer.jobs.briefing.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team, engine)
    binding = binding_on(agent, open_vault(vault), snapshot, now=clock.now())
    emit(briefing.run(snapshot, agent, version=snapshot.version, binding=binding), as_json, render)
