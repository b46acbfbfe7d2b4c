"""``soma report``: everything in one JSON file, and in one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from soma.errors import SomaError, UsageError

from .options import config, engine_option, json_option, open_vault, vault_option

if TYPE_CHECKING:
    from soma.synthesizer.jobs.report.changes import Earlier

_DEFAULT = "soma-report.json"


@click.command("report")
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True),
              help=f"Where to write the JSON (default: {_DEFAULT}); - prints it.")  # fmt: skip
@click.option("--html", "page", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True),
              help="Write one page for people, which needs nothing else; - prints it.")  # fmt: skip
@click.option("--diff", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
              help="Also tell what changed since this earlier soma-report.json.")  # fmt: skip
@click.option("--by", metavar="LABEL", multiple=True,
              help="A label that deals runs to arms, to be gated (default: arm, variant, experiment).")  # fmt: skip
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the report and stop.")
@vault_option
@engine_option
@json_option
def command(
    out: str | None, page: str | None, diff: str | None, by: tuple[str, ...], schema: bool, vault: str | None,
    engine: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Write all answers into one JSON file that dashboards and other programs read, or into one page for people.

    --json prints the report, --html writes the page; the JSON file is then written only where --out names one.
    """
    from soma import clock, codec
    from soma.api.reporting import report_of
    from soma.synthesizer import html
    from soma.synthesizer.jobs.report import BY
    from soma.synthesizer.jobs.report.explain import render
    from soma.synthesizer.jobs.report.schema import shipped
    from soma.synthesizer.kept import Keeping

    from .output import emit

    if schema:
        click.echo(codec.pretty(shipped()))
        return
    if page == "-" and (as_json or out == "-"):
        raise UsageError("one thing only can be printed", hint="soma report --html FILE --out -")
    earlier = None if diff is None else _earlier(Path(diff))
    root = open_vault(vault, engine)
    snapshot = root.snapshot(config(vault=vault).settings.tasks)
    asked = Keeping(snapshot)
    result = report_of(root, snapshot, now=clock.now(), earlier=earlier, by=by or BY, asked=asked)
    written = []
    if out != "-" and (out or not (as_json or page)):
        written.append(_write(out or _DEFAULT, codec.pretty(result).encode() + b"\n"))
    if page:
        text = html.page(html.dossier(asked, result))
        if page == "-":
            click.echo(text)
            return
        # It quotes the traces: for its owner only.
        written.append(_write(page, text.encode(), private=True))
    emit(result, as_json or out == "-", lambda found: render(found, ", ".join(written) or None))


def _earlier(path: Path) -> Earlier:
    from soma.synthesizer.jobs.report.diff import earlier_of

    try:
        return earlier_of(path.read_bytes(), str(path))
    except OSError as problem:
        raise UsageError(f"the earlier report cannot be read: {problem.strerror}", where=str(path)) from problem


def _write(name: str, data: bytes, *, private: bool = False) -> str:
    from soma import files

    try:
        (files.write_private if private else files.write_whole)(Path(name), data)
    except OSError as problem:
        hint = "name a file in a folder you can write to"
        raise SomaError(f"the report cannot be written: {problem.strerror}", where=name, hint=hint) from problem
    return name
