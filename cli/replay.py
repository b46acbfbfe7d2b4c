"""``soma replay``: the pressure of an agent, action by action, and why modes changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from soma.errors import UsageError

from .options import config, json_option, open_snapshot, open_vault, vault_option

if TYPE_CHECKING:
    from soma.pressure import Configuration
    from soma.pressure.replay.recording import Recording

_HINT = "soma replay FILE, soma replay --execution ID, soma replay --agent NAME, or soma replay --all"


@click.command("replay")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--execution",
    metavar="ID",
    help="An execution of the vault with its sub-agents; the beginning of its id is enough.",
)
@click.option("--agent", metavar="NAME", help="All executions of an agent, one after the other.")
@click.option("--all", "everything", is_flag=True,
              help="Every execution of the vault by itself: pressures are kept for other commands.")  # fmt: skip
@click.option("--config", "settings", metavar="TOML", type=click.Path(exists=True, dir_okay=False),
              help="Take thresholds and budget from this file.")  # fmt: skip
@click.option("--until", metavar="N", type=click.IntRange(min=1), help="Stop after so many actions.")
@click.option("--diff", metavar="TOML", type=click.Path(exists=True, dir_okay=False),
              help="Also tell what would have been different with this file.")  # fmt: skip
@click.option(
    "--save", metavar="FILE", type=click.Path(dir_okay=False), help="Write the recording that is replayed here."
)
@vault_option
@json_option
def command(
    file: str | None,
    execution: str | None,
    agent: str | None,
    everything: bool,
    settings: str | None,
    until: int | None,
    diff: str | None,
    save: str | None,
    vault: str | None,
    as_json: bool,
) -> None:
    """Run the pressure engine over a recording or over executions of the vault.

    A recording replays with what it was made with, bit by bit; executions with the settings in force. Exit code 1 says
    that a recording gave another trajectory than the one recorded. soma synthesize does what --all does, every night.
    """
    from soma.errors import CheckFailed
    from soma.pressure.patterns import patterns_of
    from soma.pressure.replay.run import configuration_file, run

    from .output import emit
    from .replay_page import render

    if sum(given is not None for given in (file, execution, agent, everything or None)) != 1:
        raise UsageError("name one thing to replay: a recording, an execution, an agent or all", hint=_HINT)
    if everything:
        if any(option is not None for option in (settings, until, diff, save)):
            raise UsageError("--all replays with the settings in force, from beginning to end",
                             hint="soma replay --agent NAME --diff TOML tries other settings")  # fmt: skip
        _keep_all(vault, as_json)
        return
    given = None if settings is None else configuration_file(settings)
    recording = _recording(file, execution, agent, given, vault)
    if save is not None:
        recording = _saved(recording, Path(save))
    other = None if diff is None else configuration_file(diff)
    settings_in_force = config(vault=vault).settings.patterns
    result = run(recording, given, until=until, other=other, patterns=patterns_of(settings_in_force))
    emit(result, as_json, render, schema="soma.replay", schemaVersion=1)
    if result.identical is False:
        told = "the recording gave another trajectory than the one it was recorded with"
        hint = "the file was changed after it was written, or this is a bug of the engine"
        if result.recorded_engine != result.engine:
            told = f"engine {result.engine} answers differently from engine {result.recorded_engine}, which recorded it"
            hint = "install the soma that recorded it to see what it saw"
        raise CheckFailed(told, where=file, hint=hint)


def _keep_all(vault: str | None, as_json: bool) -> None:
    from soma.pressure import configuration_of
    from soma.pressure.patterns import patterns_of
    from soma.pressure.replay.keep import keep

    from .output import emit, progress
    from .replay_page import render_kept

    settings = config(vault=vault).settings
    with progress() as tell:
        kept = keep(
            open_vault(vault), configuration_of(settings), patterns=patterns_of(settings.patterns),
            told=lambda done, of: tell(f"{done:,} of {of:,} decisions"),
        )  # fmt: skip
    emit(kept, as_json, render_kept, schema="soma.replay.all", schemaVersion=1)


def _recording(
    file: str | None, execution: str | None, agent: str | None, given: Configuration | None, vault: str | None
) -> Recording:
    from soma.pressure import configuration_of
    from soma.pressure.replay import recording
    from soma.pressure.replay import vault as of_vault

    if file is not None:
        return recording.read(Path(file))
    snapshot = open_snapshot(vault)
    settings = config(vault=vault).settings
    configuration = given or configuration_of(settings)
    if execution is not None:
        return of_vault.of_execution(snapshot, execution, configuration, settings.trust)
    return of_vault.of_agent(snapshot, agent or "", configuration)


def _saved(found: Recording, path: Path) -> Recording:
    from soma.errors import SomaError
    from soma.pressure.replay import recording

    try:
        recording.write(path, found)
    except OSError as problem:
        raise SomaError(f"the recording cannot be written: {problem.strerror}", where=str(path),
                        hint="name a file in a folder you can write to") from problem  # fmt: skip
    return recording.read(path)
