"""``soma schedule``: what makes the system run ``soma nightly``, printed; installed only when asked."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import click

from soma.errors import SomaError, UsageError
from soma.vault.storage import is_remote

from .options import config, vault_option

_AT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@click.command("schedule")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--cron", "kind", flag_value="cron", help="A line for crontab.")
@click.option("--systemd", "kind", flag_value="systemd", help="A service and a timer of the user.")
@click.option("--launchd", "kind", flag_value="launchd", help="A launch agent (macOS).")
@click.option(
    "--at", "at", metavar="HH:MM", default="03:00", show_default=True, help="When, in the system's local time."
)
@click.option("--out", metavar="DIR", type=click.Path(file_okay=False), help="As for soma nightly.")
@click.option("--write", is_flag=True, help="Write the files where they belong instead of printing them.")
@vault_option
def command(paths: tuple[str, ...], kind: str | None, at: str, out: str | None, write: bool, vault: str | None) -> None:
    """Print the unit that runs soma nightly over PATH every night, and how to install it.

    Paths are made absolute. Nothing is written unless --write says so, and nothing is started even then.
    """
    from .output import note
    from .units import Night, units

    if kind is None:
        raise UsageError("say for which scheduler", hint="soma schedule --cron PATH, --systemd or --launchd")
    told = _AT.fullmatch(at)
    if told is None:
        raise UsageError(f"--at is no time of day: {at!r}", hint="write it like 03:00")
    told_vault = config(vault=vault).settings.vault
    remote = is_remote(told_vault)
    place = told_vault if remote else str(Path(told_vault).absolute())
    beside = Path.cwd() if remote else Path(place).parent
    night = Night(
        command=(sys.executable, "-m", "soma.cli.main", "nightly", "--vault", place,
                 "--out", str(Path(out).absolute() if out else beside),
                 "--", *(os.path.abspath(path) for path in paths)),
        folder=str(Path.cwd()), log=str(beside / "soma-nightly.log"), hour=int(told[1]), minute=int(told[2]),
    )  # fmt: skip
    again = shlex.join(["soma", "schedule", "--cron", "--at", at, *paths])
    found = units(kind, night, Path.home(), again=again)
    if write:
        if kind == "cron":
            raise UsageError("a crontab is changed by crontab alone", hint=found.install)
        for path, text in found.files:
            _write(path, text)
            note(f"wrote {path}")
    else:
        for path, text in found.files:
            if len(found.files) > 1:
                click.echo(f"# {path}")
            click.echo(text)
    note(f"to install it: {found.install}")


def _write(path: Path, text: str) -> None:
    from soma import files

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, text.encode())
    except OSError as problem:
        raise SomaError(f"the unit cannot be written: {problem.strerror}", where=str(path),
                        hint="run it without --write and put the file there yourself") from problem  # fmt: skip
