"""``soma archetypes``: which kinds of executions there are."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("archetypes")
@click.option("--agent", metavar="NAME", help="Only those this agent has executions of.")
@click.option(
    "--least", type=click.IntRange(1), default=2, show_default=True, help="Executions one needs to be listed."
)
@vault_option
@engine_option
@json_option
def command(agent: str | None, least: int, vault: str | None, engine: str | None, as_json: bool) -> None:
    """Executions grouped by how alike their paths are: what they do, who runs them, how they end."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import archetypes
    from soma.synthesizer.jobs.archetypes.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, engine=engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    found = archetypes.run(snapshot, agent, least=least)
    emit(found, as_json, render, schema="soma.archetypes", schemaVersion=1)
