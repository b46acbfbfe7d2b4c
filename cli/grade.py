"""``soma grade``: what predicts failure, and what only seems to."""

from __future__ import annotations

import click

from .options import config, engine_option, json_option, open_snapshot, vault_option


@click.command("grade")
@click.option("--agent", metavar="NAME", help="Only runs of this agent.")
@click.option("--framework", metavar="NAME", help="Only runs of this framework.")
@vault_option
@engine_option
@json_option
def command(agent: str | None, framework: str | None, vault: str | None, engine: str | None, as_json: bool) -> None:
    """Hold every pattern, floor and signal, and the pressure, against how runs ended.

    Only runs whose success is known count; how a run ended technically is not its success.
    """
    from soma.api.readings import answered, pattern_names
    from soma.pressure import configuration_of
    from soma.synthesizer.jobs import grade
    from soma.synthesizer.jobs.grade.explain import render

    from .output import emit, progress

    snapshot = open_snapshot(vault, engine=engine)
    with progress() as told:
        told("pressure")
        readings = answered(snapshot, configuration_of(config(vault=vault).settings))
        told("grades")
        result = grade.run(snapshot, agent=agent, framework=framework, answered=readings, patterns=pattern_names())
    emit(result, as_json, render, schema="soma.grade", schemaVersion=1)
