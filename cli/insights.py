"""``soma insights``: what the nightly jobs found."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option

_SHOWN = 20
_ALL = 100_000


@click.command("insights")
@click.option("--agent", metavar="NAME", help="Only those about this agent.")
@click.option("--type", "kind", metavar="TYPE", help="Only those of this type, as the page names it.")
@click.option("--all", "show_all", is_flag=True, help=f"Not only the {_SHOWN} surest.")
@team_option
@vault_option
@engine_option
@json_option
def command(
    agent: str | None,
    kind: str | None,
    show_all: bool,
    team: str | None,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """What was found beyond chance, with effect, confidence and evidence; a person decides what becomes of it."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import insights
    from soma.synthesizer.jobs.insights.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team, engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = insights.run(snapshot, agent=agent, kind=kind, limit=_ALL if show_all or as_json else _SHOWN, team=team)
    emit(result, as_json, render, schema="soma.insights", schemaVersion=1)
