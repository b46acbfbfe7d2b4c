"""``soma secrets``: which secrets stand where."""

from __future__ import annotations

import click

from .options import engine_option, json_option, open_snapshot, vault_option


@click.command("secrets")
@click.option("--kind", metavar="KIND", help="Only this kind.")
@vault_option
@engine_option
@json_option
def command(kind: str | None, vault: str | None, engine: str | None, as_json: bool) -> None:
    """Which secrets were found in the sources, and where: kind, source and byte, never the secret."""
    from soma.synthesizer.jobs import secrets
    from soma.synthesizer.jobs.secrets.explain import render

    from .output import emit

    emit(secrets.run(open_snapshot(vault, engine=engine), kind), as_json, render)
