"""``soma secrets``: which secrets stand where."""

from __future__ import annotations

import click

from .options import json_option, open_snapshot, vault_option


@click.command("secrets")
@click.option("--kind", metavar="KIND", help="Only this kind.")
@vault_option
@json_option
def command(kind: str | None, vault: str | None, as_json: bool) -> None:
    """Which secrets were found in the sources, and where: kind, source and byte, never the secret."""
    from soma.synthesizer.jobs import secrets
    from soma.synthesizer.jobs.secrets.explain import render

    from .output import emit

    emit(secrets.run(open_snapshot(vault), kind), as_json, render)
