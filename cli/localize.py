"""``soma localize``: which decision made a run fail."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("localize")
@click.option("--execution", metavar="ID", required=True,
              help="A failed execution of the vault; the beginning of its id is enough.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="At most so many decisions.")
@vault_option
@engine_option
@json_option
def command(execution: str, limit: int, vault: str | None, engine: str | None, as_json: bool) -> None:
    """Rank the decisions of a failed run by how much they lowered its chance of success, with the reasons in words.

    No model is asked: the ranking follows peers on the same task, where there are any, and signs in the trace.
    """
    from soma.synthesizer.jobs import localize
    from soma.synthesizer.jobs.localize.explain import render

    from .output import emit

    result = localize.run(open_snapshot(vault, engine=engine), execution)
    emit(result, as_json, lambda found: render(found, limit=limit))
