"""``soma map``: which action follows which."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("map")
@click.option("--agent", metavar="NAME", help="Only this agent.")
@click.option("--task", metavar="TASK", help="Only the tasks of this key, or whose label contains it.")
@click.option("--format", "format_", type=click.Choice(["table", "json", "dot", "mermaid"]), default="table",
              show_default=True, help="A page, data, or a picture for Graphviz or Mermaid.")  # fmt: skip
@click.option("--least", type=click.IntRange(min=1), metavar="N", help="Leave off edges that fewer runs take.")
@click.option("--share", type=click.FloatRange(0.0, 1.0), metavar="S",
              help="Leave off edges that a smaller share of the runs takes.  "
                   "[default: 0.05 and the 40 most used; as JSON nothing is left off]")  # fmt: skip
@vault_option
@engine_option
@json_option
def command(
    agent: str | None,
    task: str | None,
    format_: str,
    least: int | None,
    share: float | None,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Which action directly follows which: how often, how fast, and how the runs that do so end."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import process_map
    from soma.synthesizer.jobs.process_map.explain import render
    from soma.synthesizer.jobs.process_map.picture import dot, mermaid

    from .output import emit

    snapshot = open_snapshot(vault, engine=engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = process_map.run(snapshot, agent, task)
    as_json = as_json or format_ == "json"
    if not as_json or least is not None or share is not None:
        result = process_map.folded(result, least=least, share=share)
    if as_json or format_ == "table":
        emit(result, as_json, render, schema="soma.map", schemaVersion=1)
    else:
        click.echo(dot(result) if format_ == "dot" else mermaid(result), nl=False)
