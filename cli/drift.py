"""``soma drift``: since when an agent behaves differently."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option


@click.command("drift")
@click.option("--agent", metavar="NAME", help="Only this agent, in full.")
@click.option("--delta", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.10, show_default=True,
              help="Differences of a share below this do not matter.")  # fmt: skip
@click.option("--factor", type=click.FloatRange(1.0, min_open=True), default=1.25, show_default=True,
              help="Durations and costs within this factor are alike.")  # fmt: skip
@click.option("--across-tasks", is_flag=True, help="Compare runs over all tasks, not only with runs of the same task.")
@team_option
@vault_option
@engine_option
@json_option
def command(
    agent: str | None,
    delta: float,
    factor: float,
    across_tasks: bool,
    team: str | None,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Since when an agent behaves differently: its success, its actions, its durations and costs.

    May be asked every night: the chance of ever raising a false alarm stays under 5 %.
    """
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import drift
    from soma.synthesizer.jobs.drift.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, team, engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = drift.run(snapshot, agent, delta=delta, factor=factor, across_tasks=across_tasks)
    emit(
        result,
        as_json,
        lambda found: render(found, everything=agent is not None),
        schema="soma.drift",
        schemaVersion=1,
    )
