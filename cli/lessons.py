"""``soma lessons``: errors that were fixed, and how."""

from __future__ import annotations

from pathlib import Path

import click

from .options import engine_option, json_option, open_snapshot, team_option, vault_option


@click.command("lessons")
@click.option("--agent", metavar="NAME", help="Only lessons that runs of this agent taught.")
@click.option("--tool", metavar="TOOL", help="Only of this tool or program.")
@click.option("--query", metavar="TEXT", help="Only about errors like this one, the likest first.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Show at most so many.")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Keep the lessons shown in FILE, as hints for agents at work.")  # fmt: skip
@team_option
@vault_option
@engine_option
@json_option
def command(
    agent: str | None,
    tool: str | None,
    query: str | None,
    limit: int,
    keep: Path | None,
    team: str | None,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Errors that were fixed: what was changed, how often that worked, how often runs recovered without it."""
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import lessons
    from soma.synthesizer.jobs.lessons.explain import render

    from .output import emit, note

    snapshot = open_snapshot(vault, team, engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = lessons.run(snapshot, agent, tool, query)
    if keep is not None:
        note(f"{lessons.LessonStore(keep).fill(result.lessons)} lessons kept in {keep}")
    emit(result, as_json, lambda found: render(found, limit=limit), schema="soma.lessons", schemaVersion=1)
