"""``soma tasks``: what several runs attempted alike."""

from __future__ import annotations

import click

from .options import json_option, open_snapshot, vault_option


@click.command("tasks")
@click.option("--limit", type=click.IntRange(min=1), default=40, show_default=True, help="At most so many tasks.")
@vault_option
@json_option
def command(limit: int, vault: str | None, as_json: bool) -> None:
    """What makes runs comparable: the tasks, how each was found, and who attempted it."""
    from soma.synthesizer.jobs import tasks
    from soma.synthesizer.jobs.tasks.explain import render

    from .output import emit

    result = tasks.run(open_snapshot(vault))
    emit(result, as_json, lambda found: render(found, limit=limit), schema="soma.tasks", schemaVersion=1)
