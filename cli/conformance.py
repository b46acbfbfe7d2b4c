"""``soma conformance``: how far a run keeps to the usual way, move by move."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("conformance")
@click.option("--agent", metavar="NAME", help="Only this agent.")
@click.option("--task", metavar="TASK", help="Only runs of the tasks of this key, or whose label contains it.")
@click.option("--execution", metavar="ID", help="One run in full; the beginning of its id is enough.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True,
              help="At most so many of the least conforming runs per agent.")  # fmt: skip
@click.option("--delta", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.10, show_default=True,
              help="Differences of success below this do not matter.")  # fmt: skip
@vault_option
@engine_option
@json_option
def command(
    agent: str | None,
    task: str | None,
    execution: str | None,
    limit: int,
    delta: float,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """How far each run keeps to what the agent's other runs usually do: what is missing, extra, moved or repeated.

    A run is never part of the model it is measured by. What many others do as well costs nothing.
    """
    from soma.errors import UsageError
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import conformance
    from soma.synthesizer.jobs.conformance.explain import render

    from .output import emit

    if execution is not None and (agent is not None or task is not None):
        raise UsageError("--execution names the run: --agent and --task cannot narrow it", hint="leave them out")
    snapshot = open_snapshot(vault, engine=engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = conformance.run(snapshot, agent, task, execution, limit=limit, delta=delta)
    emit(
        result,
        as_json,
        lambda found: render(found, everything=agent is not None),
        schema="soma.conformance",
        schemaVersion=1,
    )
