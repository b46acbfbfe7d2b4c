"""``soma outcomes``: labels from outside."""

from __future__ import annotations

import click
from rich.text import Text

from .options import json_option, open_vault, vault_option


@click.group("outcomes")
def command() -> None:
    """Tell soma which runs achieved their task, when the traces cannot."""


@command.command("import")
@click.argument("csv", type=click.Path(exists=True, dir_okay=False))
@vault_option
@json_option
def import_(csv: str, vault: str | None, as_json: bool) -> None:
    """Import a CSV with the columns execution_id or session_id, and success and/or score."""
    from soma.harvester.labels import import_labels, read_labels

    from .output import emit

    result = import_labels(open_vault(vault), read_labels(csv))
    missing = result.labels - result.matched
    also = f"; {missing:,} name no run (yet): harvest its trace and they count" if missing else ""
    emit(result, as_json, lambda r: Text(f"{r.matched:,} of {r.labels:,} labels name a run of the vault{also}."))
