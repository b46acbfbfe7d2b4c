"""``soma synthesize``: run all jobs over what is new and keep their findings."""

from __future__ import annotations

import click

from soma.vault import VaultRoot

from .options import config, engine_option, json_option, queries_of, vault_option


@click.command("synthesize")
@vault_option
@engine_option
@json_option
def command(vault: str | None, engine: str | None, as_json: bool) -> None:
    """Run all jobs over what was harvested, keep their answers, propose what they find.

    Meant for every night after soma harvest; the other commands then answer at once. Does nothing when nothing is new.
    """
    from soma import clock
    from soma.pressure import configuration_of
    from soma.pressure.patterns import patterns_of
    from soma.pressure.replay.keep import keep
    from soma.synthesizer.synthesis_page import render
    from soma.synthesizer.synthesize import synthesize

    from .output import emit, progress

    settings = config(vault=vault).settings
    with progress() as told:
        result = synthesize(
            VaultRoot(settings.vault, queries_of(engine)), now=clock.now(), task_rules=settings.tasks,
            team_rules=settings.teams, told=told,
            replay=lambda root: keep(
                root, configuration_of(settings), patterns=patterns_of(settings.patterns)
            ).executions,
        )  # fmt: skip
    emit(result, as_json, render, schema="soma.synthesize", schemaVersion=1)
