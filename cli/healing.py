"""``soma healing``: what helps after a failure."""

from __future__ import annotations

from typing import Literal

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("healing")
@click.option("--by", type=click.Choice(["role", "tool"]), default="role", show_default=True,
              help="Take actions together by the role of their tool, or by tool.")  # fmt: skip
@click.option("--horizon", metavar="N", type=click.IntRange(1, 100), default=5, show_default=True,
              help="Look at so many actions after what was tried.")  # fmt: skip
@click.option("--delta", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.10, show_default=True,
              help="Differences of recovery below this do not matter.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=8, show_default=True,
              help="At most so many kinds of failure.")  # fmt: skip
@vault_option
@engine_option
@json_option
def command(
    by: Literal["role", "tool"],
    horizon: int,
    delta: float,
    limit: int,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """After a failed action: what was tried next, and did it go better than everything else that was tried?

    Measured on executions, within the same agent and task, with false discoveries under control.
    """
    from soma.synthesizer.jobs import healing
    from soma.synthesizer.jobs.healing.explain import render

    from .output import emit

    result = healing.run(open_snapshot(vault, engine=engine), by=by, horizon=horizon, delta=delta)
    emit(result, as_json, lambda found: render(found, limit=limit), schema="soma.healing", schemaVersion=1)
