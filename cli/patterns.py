"""``soma patterns``: what guidance there is, when it fires and what it advises."""

from __future__ import annotations

import click

from .options import config, json_option, vault_option


@click.command("patterns")
@vault_option
@json_option
def command(vault: str | None, as_json: bool) -> None:
    """All guidance patterns: what each detects, how it ranks, how long it is silent after it spoke, and its status.

    They are asked after every action that soma replay replays. The status comes from the gates: a pattern stays
    "collecting" until its message was shown to help or not to.
    """
    from soma.pressure.patterns import catalogue, patterns_of
    from soma.synthesizer.jobs import guidance
    from soma.vault import VaultRoot

    from .output import emit
    from .patterns_page import render

    settings = config(vault=vault).settings
    root = VaultRoot(settings.vault)
    found = catalogue(patterns_of(settings.patterns), guidance.statuses(root.snapshot()) if root.exists else None)
    emit(found, as_json, render, schema="soma.patterns", schemaVersion=1)
