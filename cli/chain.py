"""``soma chain``: who consulted a policy, who followed it, and how that ended."""

from __future__ import annotations

import click

from .options import json_option, open_snapshot, open_vault, vault_option


@click.command("chain")
@click.argument("policy", metavar="POLICY")
@click.option("--limit", metavar="N", type=click.IntRange(min=0), default=10, show_default=True,
              help="Show at most so many runs; all are counted.")  # fmt: skip
@vault_option
@json_option
def command(policy: str, limit: int, vault: str | None, as_json: bool) -> None:
    """From the evidence of POLICY to the runs that consulted it, what they did, and how they ended.

    POLICY is a policy of the canon or a proposal. A run consulted it where one of soma's guards told it, soma's tools
    answered it, or its request, reasoning or arguments name the id. It followed it where no later call is one the
    policy holds against.
    """
    from soma import clock
    from soma.governance import consultations
    from soma.governance.consultations.explain import render
    from soma.governance.reading import show

    from .output import emit

    shown = show(open_vault(vault), policy, now=clock.now())
    result = consultations.run(open_snapshot(vault), shown, limit=limit)
    emit(result, as_json, render, schema="soma.chain", schemaVersion=1)
