"""``soma evidence``: what a policy, a finding, a run or a decision rests on, down to the bytes."""

from __future__ import annotations

import click

from .options import config, json_option, open_snapshot, open_vault, vault_option


@click.command("evidence")
@click.argument("identity", metavar="ID")
@click.option("--limit", metavar="N", type=click.IntRange(0, 500), default=5, show_default=True,
              help="Show the text of so many records.")  # fmt: skip
@vault_option
@json_option
@click.pass_context
def command(ctx: click.Context, identity: str, limit: int, vault: str | None, as_json: bool) -> None:
    """Walk from ID down to the original bytes, and make its number again.

    ID is that of an insight, a policy, a divergence, an execution or a decision. Sources are only read; what is shown
    of them has its secrets replaced. Exit code 1 when a source is gone or changed, or the number is another one.
    """
    from soma.evidence import walk
    from soma.evidence.explain import render
    from soma.harvester.redact import Redactor

    from .output import emit

    key = open_vault(vault).key()
    redact = config().settings.redact
    result = walk(
        open_snapshot(vault), identity, key=key, limit=limit,
        redactor=Redactor(key, emails=redact.emails, phones=redact.phones),
    )  # fmt: skip
    emit(result, as_json, render, schema="soma.evidence", schemaVersion=1)
    if result.broken:
        ctx.exit(1)
