"""A nightly command in the languages of cron, systemd and launchd, quoted for each of them. Pure."""

from __future__ import annotations

import plistlib
import shlex
from pathlib import Path

import msgspec

from soma.errors import UsageError

_LABEL = "io.soma.nightly"


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """What is to run, where, where its words go, and when (local time)."""

    command: tuple[str, ...]
    folder: str
    log: str
    hour: int
    minute: int


class Units(msgspec.Struct, frozen=True):
    """The files of a scheduler with their places, and what to type to install them."""

    files: tuple[tuple[Path, str], ...]
    install: str


def units(kind: str, night: Night, home: Path, *, again: str = "soma schedule --cron PATH") -> Units:
    """The files for ``cron``, ``systemd`` or ``launchd``; ``again`` is the command that prints the line for cron.

    Raises:
        UsageError: if a path holds what that scheduler cannot write, such as a line break.
    """
    for text in (*night.command, night.folder, night.log):
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
            raise UsageError("a path holds a control character, which no scheduler can write", where=repr(text),
                             hint="rename it, or schedule the folder above it")  # fmt: skip
    if kind == "cron":
        return _cron(night, again)
    return (_systemd if kind == "systemd" else _launchd)(night, home)


def _cron(night: Night, again: str) -> Units:
    """One line. For crontab, ``%`` ends the command and starts its input unless a backslash stands before it."""
    line = f"cd {shlex.quote(night.folder)} && {shlex.join(night.command)} >> {shlex.quote(night.log)} 2>&1"
    text = f"{night.minute} {night.hour} * * * {line.replace('%', chr(92) + '%')}"
    return Units(((Path("crontab"), text),), f"(crontab -l 2>/dev/null; {again}) | crontab -")


def _systemd(night: Night, home: Path) -> Units:
    place = home / ".config" / "systemd" / "user"
    service = "\n".join([
        "[Unit]", "Description=soma: harvest, synthesize and report", "",
        "[Service]", "Type=oneshot",
        f"WorkingDirectory={_specifiers(night.folder)}",
        f"ExecStart={' '.join(map(_systemd_word, night.command))}",
        "# 4: some sources failed, the rest is done.", "SuccessExitStatus=4", "Nice=10",
    ])  # fmt: skip
    timer = "\n".join([
        "[Unit]", "Description=soma every night", "",
        "[Timer]", f"OnCalendar=*-*-* {night.hour:02}:{night.minute:02}:00", "Persistent=true", "",
        "[Install]", "WantedBy=timers.target",
    ])  # fmt: skip
    files = ((place / "soma-nightly.service", service + "\n"), (place / "soma-nightly.timer", timer + "\n"))
    return Units(files, "systemctl --user daemon-reload && systemctl --user enable --now soma-nightly.timer")


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _systemd_word(text: str) -> str:
    """A word of ``ExecStart``: ``%`` is a specifier and ``$`` a variable unless doubled (systemd.service(5))."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifiers(escaped)}"'


def _launchd(night: Night, home: Path) -> Units:
    path = home / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    text = plistlib.dumps({
        "Label": _LABEL, "ProgramArguments": list(night.command), "WorkingDirectory": night.folder,
        "StartCalendarInterval": {"Hour": night.hour, "Minute": night.minute},
        "StandardOutPath": night.log, "StandardErrorPath": night.log, "ProcessType": "Background",
    }).decode()  # fmt: skip
    return Units(((path, text),), f"launchctl bootstrap gui/$(id -u) {shlex.quote(str(path))}")
