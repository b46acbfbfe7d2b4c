"""``soma signatures``: the paths agents take."""

from __future__ import annotations

import click

from .options import json_option, open_snapshot, vault_option


@click.command("signatures")
@click.option("--agent", metavar="NAME", help="Only this agent.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many paths.")
@vault_option
@json_option
def command(agent: str | None, limit: int, vault: str | None, as_json: bool) -> None:
    """The action paths agents take: how often, how they end, how long they take, what they cost."""
    from soma.synthesizer.jobs import signatures
    from soma.synthesizer.jobs.signatures.explain import render

    from .output import emit

    result = signatures.run(open_snapshot(vault), agent, limit=limit)
    emit(result, as_json, render, schema="soma.signatures", schemaVersion=1)
