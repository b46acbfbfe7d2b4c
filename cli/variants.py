"""``soma variants``: the few paths that most runs of a task take."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("variants")
@click.option("--agent", metavar="NAME", help="Only this agent.")
@click.option("--task", metavar="TASK", help="Only the tasks of this key, or whose label contains it.")
@click.option("--min-coverage", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.8, show_default=True,
              help="Show the variants that explain this share of the runs.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=8, show_default=True,
              help="At most so many agents and tasks, and variants of each.")  # fmt: skip
@vault_option
@engine_option
@json_option
def command(
    agent: str | None,
    task: str | None,
    min_coverage: float,
    limit: int,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """The few paths most runs take: how often, how they end, what they take, and which beginning leads to failure."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import variants
    from soma.synthesizer.jobs.variants.explain import render

    from .output import emit

    snapshot = open_snapshot(vault, engine=engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = (
        variants.run(snapshot, agent, task, min_coverage=min_coverage)
        if as_json
        else variants.shown(snapshot, agent, task, min_coverage=min_coverage, limit=limit)
    )
    emit(result, as_json, lambda found: render(found, limit=limit), schema="soma.variants", schemaVersion=1)
