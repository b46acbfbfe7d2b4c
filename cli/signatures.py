"""``soma signatures``: the paths agents take."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option


@click.command("signatures")
@click.option("--agent", metavar="NAME", help="Only this agent.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many paths.")
@team_option
@vault_option
@engine_option
@json_option
def command(
    agent: str | None, limit: int, team: str | None, vault: str | None, engine: str | None, as_json: bool
) -> None:
    """The action paths agents take: how often, how they end, how long they take, what they cost."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import signatures
    from soma.synthesizer.jobs.signatures.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team, engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = signatures.run(snapshot, agent, limit=limit)
    emit(result, as_json, render, schema="soma.signatures", schemaVersion=1)
