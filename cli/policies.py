"""``soma policies``: what the vault has to say to agents and guards, and the policies as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from .options import json_option, open_vault, vault_option

_INTENTS = ["enforce", "advise", "brief", "route", "all"]


@click.group("policies")
def command() -> None:
    """Ask for policies by intent, or write them down for other programs. Nothing here decides or changes anything."""


@command.command("query")
@click.option(
    "--intent",
    type=click.Choice(_INTENTS),
    default="enforce",
    show_default=True,
    help="enforce: what binds; advise: proposals; brief: a team's own findings; route: how agents did.",
)
@click.option("--agent", metavar="NAME", help="Only what is about this agent, or about all.")
@click.option("--team", metavar="TEAM", help="Only what is about this team, or about all.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many answers.")
@vault_option
@json_option
def query(intent: str, agent: str | None, team: str | None, limit: int, vault: str | None, as_json: bool) -> None:
    """What there is to say, the mandatory before the advisory, the contextual and the historical."""
    from soma.api import Vault
    from soma.governance.bridge import Asked, Intent, PolicyBridge
    from soma.governance.bridge.explain import render

    from .output import emit

    bridge = PolicyBridge(Vault(open_vault(vault).address), ready=False)
    meant: Intent = next(name for name in get_args(Intent) if name == intent)
    answers = bridge.query(meant, agent=agent, team=team)
    result = Asked(intent=meant, agent=agent, team=team, vault_version=bridge.version, answers=answers[:limit],
                   total=len(answers))  # fmt: skip
    emit(result, as_json, render, schema="soma.policies.query", schemaVersion=1)


@command.command("bundle")
@click.option("--format", "form", type=click.Choice(["json", "yaml", "opa"]), default="json", show_default=True,
              help="opa: data.json with the Rego that evaluates it.")  # fmt: skip
@click.option("--proposals", is_flag=True, help="With what nobody ratified yet, as warnings.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@vault_option
@json_option
def bundle_(form: str, proposals: bool, folder: Path, vault: str | None, as_json: bool) -> None:
    """Write the policies of the canon into DIR, with version and digest; equal policies make equal files."""
    from soma import codec
    from soma.api import Vault
    from soma.governance.bridge import PolicyBridge
    from soma.governance.bridge.bundle import Format, bundle, write_bundle

    from .output import clean

    bridge = PolicyBridge(Vault(open_vault(vault).address), ready=False)
    layers = ("canon", "emerging") if proposals else ("canon",)
    made = bundle([one for one in bridge.query("all") if one.source_layer in layers], bridge.version)
    paths = write_bundle(made, next(name for name in get_args(Format) if name == form), folder)
    if as_json:
        click.echo(codec.pretty({"schema": "soma.policies.bundle.written", "schemaVersion": 1, "digest": made.digest,
                                 "vaultVersion": made.vault_version, "policies": len(made.policies),
                                 "files": [str(path) for path in paths]}))  # fmt: skip
        return
    click.echo(f"{len(made.policies):,} policies, digest {made.digest}, vault version {made.vault_version}")
    for path in paths:
        click.echo(f"  {clean(str(path))}")
