"""``soma export``: runs out of the vault in a format other tools read."""

from __future__ import annotations

import re
from pathlib import Path

import click

from soma import codec, files
from soma.errors import NothingFound, SourceError, UsageError

from .options import json_option, open_snapshot, vault_option


@click.command("export")
@click.option("--format", "format_", type=click.Choice(["atif"]), default="atif", show_default=True,
              help="Agent Trajectory Interchange Format.")  # fmt: skip
@click.option("--execution", metavar="ID", help="One execution, to --out or to the screen.")
@click.option("--agent", metavar="NAME", help="All executions of an agent, one file each, into the folder --out.")
@click.option("--out", metavar="PATH", help="File or folder to write to (default: the screen).")
@vault_option
@json_option
def command(
    format_: str, execution: str | None, agent: str | None, out: str | None, vault: str | None, as_json: bool
) -> None:  # fmt: skip
    """Write runs as ATIF trajectories; what ATIF has no field for stands in its ``extra``. Redaction stays as it is."""
    from soma.synthesizer.export.atif import export_atif

    from .output import note

    if (execution is None) == (agent is None):
        raise UsageError("name either an execution or an agent", hint="soma export --execution ID --out run.json")
    snapshot = open_snapshot(vault)
    if execution is not None:
        text = codec.pretty(export_atif(snapshot, execution)) + "\n"
        if out is None or out == "-":
            click.echo(text, nl=False)
        else:
            _write(Path(out), text)
        return
    if out is None:
        raise UsageError("several runs need a folder", hint="soma export --agent NAME --out FOLDER")
    ids = snapshot.sql("SELECT execution_id FROM executions WHERE agent_id = ? ORDER BY execution_id", [agent])
    names = ids.column(0).to_pylist()
    if not names:
        raise NothingFound(f"the vault holds no run of an agent {agent!r}", hint="soma status lists the agents")
    for number, name in enumerate(names):
        # An id from a trace never becomes a path: only its plain characters do, after a number that makes it unique.
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", name)[:80]
        _write(Path(out) / f"{number:05d}-{plain}.json", codec.pretty(export_atif(snapshot, name)) + "\n")
    if as_json:
        click.echo(codec.pretty({"schema": "soma.export", "schemaVersion": 1, "format": format_, "executions": names}))
    else:
        note(f"{len(names):,} runs written to {out}")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, text.encode())
    except OSError as problem:
        told = f"cannot be written: {problem.strerror}"
        raise SourceError(told, where=str(path), hint="choose another --out") from problem
