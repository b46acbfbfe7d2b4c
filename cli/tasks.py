"""``soma tasks``: what several runs attempted alike."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("tasks")
@click.option("--task", metavar="TASK", help="One task with its requests and runs: its key, or a part of its label.")
@click.option("--limit", type=click.IntRange(min=1), default=40, show_default=True, help="At most so many tasks.")
@vault_option
@engine_option
@json_option
def command(task: str | None, limit: int, vault: str | None, engine: str | None, as_json: bool) -> None:
    """What makes runs comparable: the tasks, how each was found, and who attempted it.

    Rules in tasks.toml, or [[tasks]] in soma.toml, go before what soma finds.
    """
    from soma.synthesizer.jobs import tasks
    from soma.synthesizer.jobs.tasks.explain import render, render_detail

    from .output import emit

    snapshot = open_snapshot(vault, engine=engine)
    if task is not None:
        emit(tasks.show(snapshot, task), as_json, render_detail, schema="soma.task", schemaVersion=1)
        return
    result = tasks.run(snapshot)
    emit(result, as_json, lambda found: render(found, limit=limit), schema="soma.tasks", schemaVersion=1)
