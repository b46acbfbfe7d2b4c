"""``soma export``: runs out of the vault in a format other tools read."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soma import codec, files
from soma.errors import NothingFound, SourceError, UsageError

from .options import json_option, open_snapshot, vault_option

if TYPE_CHECKING:
    from soma.vault import Snapshot


@click.command("export")
@click.option("--format", "format_", type=click.Choice(["atif", "xes", "ocel"]), default="atif", show_default=True,
              help="Agent Trajectory Interchange Format, one file a run; or one event log of all runs chosen, "
                   "XES (IEEE 1849) or OCEL 2.0 (JSON), for PM4Py and other process mining.")  # fmt: skip
@click.option("--execution", metavar="ID", help="One execution, to --out or to the screen.")
@click.option("--agent", metavar="NAME", help="All executions of an agent; ATIF into the folder --out.")
@click.option("--task", metavar="TASK", help="Executions on tasks of this key, or whose label contains it.")
@click.option("--out", metavar="PATH", help="File or folder to write to (default: the screen).")
@vault_option
@json_option
def command(
    format_: str,
    execution: str | None,
    agent: str | None,
    task: str | None,
    out: str | None,
    vault: str | None,
    as_json: bool,
) -> None:
    """Write runs for other tools. Redaction stays as it is.

    ATIF holds whole runs; what it has no field for stands in its extra. An event log (XES, OCEL) holds what happened
    when, of all runs or those chosen, without texts.
    """
    from soma.synthesizer.agents import agent_names, require_known

    if execution is not None and (agent is not None or task is not None):
        raise UsageError("name either an execution or an agent", hint="soma export --execution ID --out run.json")
    if format_ == "atif" and execution is None and agent is None and task is None:
        raise UsageError("name either an execution or an agent", hint="soma export --execution ID --out run.json")
    snapshot = open_snapshot(vault)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    if format_ == "atif":
        _trajectories(snapshot, execution, agent, task, out, as_json)
    else:
        _event_log(snapshot, format_, execution, agent, task, out, as_json)


def _trajectories(
    snapshot: Snapshot, execution: str | None, agent: str | None, task: str | None, out: str | None, as_json: bool
) -> None:
    from soma.synthesizer.export.atif import export_atif
    from soma.synthesizer.export.event_log import EventLog

    from .output import note

    if execution is not None:
        text = codec.pretty(export_atif(snapshot, execution)) + "\n"
        if out is None or out == "-":
            click.echo(text, nl=False)
        else:
            _write(Path(out), text.encode())
        return
    if out is None:
        raise UsageError("several runs need a folder", hint="soma export --agent NAME --out FOLDER")
    if task is None:
        ids = snapshot.sql(
            "SELECT execution_id FROM executions WHERE agent_id = ? ORDER BY execution_id NULLS LAST", [agent]
        )
        names = ids.column(0).to_pylist()
    else:
        names = sorted(EventLog(snapshot, agent, task).execution_ids)
    if not names:
        raise NothingFound(f"the vault holds no run of an agent {agent!r}", hint="soma status lists the agents")
    for number, name in enumerate(names):
        # An id from a trace never becomes a path: only its plain characters do, after a number that makes it unique.
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", name)[:80]
        _write(Path(out) / f"{number:05d}-{plain}.json", (codec.pretty(export_atif(snapshot, name)) + "\n").encode())
    if as_json:
        click.echo(codec.pretty({"schema": "soma.export", "schemaVersion": 1, "format": "atif", "executions": names}))
    else:
        note(f"{len(names):,} runs written to {out}")


def _event_log(
    snapshot: Snapshot,
    format_: str,
    execution: str | None,
    agent: str | None,
    task: str | None,
    out: str | None,
    as_json: bool,
) -> None:
    from soma.synthesizer.export.event_log import Tally
    from soma.synthesizer.export.ocel import export_ocel
    from soma.synthesizer.export.xes import export_xes

    from .output import note

    tally = Tally()
    export = export_xes if format_ == "xes" else export_ocel
    pieces = export(snapshot, agent, task, execution, tally=tally)
    if out is None or out == "-":
        for piece in pieces:
            sys.stdout.write(piece)
    else:
        _write(Path(out), (piece.encode("utf-8", "replace") for piece in pieces))
        if as_json:
            told = {"runs": tally.executions, "events": tally.events, "eventsWithoutTime": tally.untimed}
            click.echo(
                codec.pretty({"schema": "soma.export", "schemaVersion": 1, "format": format_, "out": out, **told})
            )
            return
        note(f"{tally.executions:,} runs with {tally.events:,} events written to {out}")
    if tally.untimed:
        note(
            f"{tally.untimed:,} events have no recorded time: the one written keeps their order and tells nothing else "
            "(time_recorded is false)."
        )


def _write(path: Path, text: bytes | Iterable[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, text)
    except OSError as problem:
        raise _unwritable(path, problem) from problem


def _unwritable(path: Path, problem: OSError) -> SourceError:
    return SourceError(f"cannot be written: {problem.strerror}", where=str(path), hint="choose another --out")
