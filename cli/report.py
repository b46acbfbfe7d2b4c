"""``soma report``: everything in one JSON file."""

from __future__ import annotations

from pathlib import Path

import click

from soma.errors import SomaError

from .options import json_option, open_snapshot, vault_option

_DEFAULT = "soma-report.json"


@click.command("report")
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True),
              help=f"Where to write it (default: {_DEFAULT}); - prints it.")  # fmt: skip
@vault_option
@json_option
def command(out: str | None, vault: str | None, as_json: bool) -> None:
    """Write all answers into one JSON file that dashboards and other programs read.

    --json prints the report, and writes a file only where --out names one.
    """
    from soma import clock, codec, files
    from soma.synthesizer.jobs import report
    from soma.synthesizer.jobs.report.explain import render

    from .output import emit

    snapshot = open_snapshot(vault)
    result = report.run(snapshot, now=clock.now(), version=snapshot.version)
    if out != "-" and (out or not as_json):
        path = Path(out or _DEFAULT)
        try:
            files.write_whole(path, codec.pretty(result).encode() + b"\n")
        except OSError as problem:
            hint = "name a file in a folder you can write to: soma report --out FILE"
            raise SomaError(
                f"the report cannot be written: {problem.strerror}", where=str(path), hint=hint
            ) from problem
    emit(result, as_json or out == "-", lambda found: render(found, out or _DEFAULT))
