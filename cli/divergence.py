"""``soma divergence``: at which step do agents part, and is it real."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option


@click.command("divergence")
@click.option("--agents", nargs=2, metavar="A B", help="Only these two.")
@click.option("--task", metavar="TASK", help="Only the tasks of this key, or whose label contains it.")
@click.option("--delta", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.10, show_default=True,
              help="Differences below this do not matter.")  # fmt: skip
@click.option(
    "--all",
    "show_all",
    is_flag=True,
    help="Show every pair, not each agent beside its best peer, also the undecided ones.",
)
@team_option
@vault_option
@engine_option
@json_option
def command(
    agents: tuple[str, str] | None,
    task: str | None,
    delta: float,
    show_all: bool,
    team: str | None,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Compare agents that do the same work: who does better, where they part, and whether that choice matters."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import divergence
    from soma.synthesizer.jobs.divergence.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team, engine)
    for name in agents or ():
        require_known(name, agent_names(snapshot))
    result = divergence.run(snapshot, agents or None, task, delta=delta, everyone=show_all)
    emit(result, as_json, lambda found: render(found, everything=show_all), schema="soma.divergence", schemaVersion=1)
