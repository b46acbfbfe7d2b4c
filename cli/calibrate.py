"""``soma calibrate``: learn from runs whose end is known what failing looks like, and use it where it is better."""

from __future__ import annotations

import click

from .options import config, json_option, open_vault, vault_option


@click.command("calibrate")
@vault_option
@json_option
def command(vault: str | None, as_json: bool) -> None:
    """Fit the learned aggregator, hold it against the documented pressure on other tasks, and keep it.

    It takes the place of the documented pressure only where it is shown to be better. With the same data, nothing is
    fitted and nothing written.
    """
    from soma.api.readings import answered, pattern_names
    from soma.pressure import configuration_of
    from soma.synthesizer.jobs import calibrate
    from soma.synthesizer.jobs.calibrate.explain import render

    from .output import emit, progress

    settings = config(vault=vault).settings
    root = open_vault(vault)
    snapshot = root.snapshot(settings.tasks)
    with progress() as told:
        told("pressure")
        readings = answered(snapshot, configuration_of(settings))
        told("models")
        result = calibrate.run(snapshot, answered=readings, patterns=pattern_names())
    calibrate.keep(root, result)
    emit(result, as_json, render, schema="soma.calibration", schemaVersion=1)
