"""soma schedule: units that their schedulers read back as the very words that were meant."""

from __future__ import annotations

import plistlib
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.cli.units import Night, units
from soma.errors import UsageError
from tests.cli.conftest import Soma, soma  # noqa: F401 - a fixture

AWKWARD = ["plain", "a b", "it's", 'say "x"', "100%", "$HOME", "back\\slash", "`id`", "a;b&c", "ü→", "%n%%", "--help"]
HOME = Path("/home/somebody")
words = st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1), max_size=4)


def night(*more: str, folder: str = "/work dir/100% it's") -> Night:
    return Night(command=("/opt/py thon/bin/python", "-m", "soma", *more), folder=folder, log="/logs/a b.log",
                 hour=3, minute=5)  # fmt: skip


def cron_command(line: str) -> str:
    """What cron hands to /bin/sh: five fields off, the first bare % would end it (crontab(5))."""
    command = line.split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return command.replace("\\%", "%")


def systemd_words(value: str) -> list[str]:
    """How systemd splits ExecStart where every word stands in double quotes (systemd.service(5))."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
    assert '"' + '" "'.join(found) + '"' == value
    return [re.sub(r"\\(.)", r"\1", word).replace("$$", "$").replace("%%", "%") for word in found]


@settings(deadline=None, max_examples=50)
@given(words)
def test_cron_runs_the_words_that_were_meant(more: list[str]) -> None:
    found = units("cron", night(*more), HOME)
    ((_, line),) = found.files
    assert line.startswith("5 3 * * * cd ")
    assert "\n" not in line
    told = shlex.split(cron_command(line))
    assert told == ["cd", "/work dir/100% it's", "&&", *night(*more).command, ">>", "/logs/a b.log", "2>&1"]


def test_a_shell_agrees(tmp_path: Path) -> None:
    folder = tmp_path / "100% it's"
    folder.mkdir()
    told = Night(command=("printf", "%s|", *AWKWARD), folder=str(folder), log=str(folder / "a b.log"), hour=0, minute=0)
    ((_, line),) = units("cron", told, HOME).files
    subprocess.run(["/bin/sh", "-c", cron_command(line)], check=True, timeout=20)
    assert (folder / "a b.log").read_text() == "|".join(AWKWARD) + "|"


@settings(deadline=None, max_examples=50)
@given(words)
def test_systemd_reads_the_words_that_were_meant(more: list[str]) -> None:
    (path, service), (_, timer) = units("systemd", night(*more), HOME).files
    assert path == HOME / ".config/systemd/user/soma-nightly.service"
    lines = dict(line.split("=", 1) for line in service.splitlines() if "=" in line)
    assert systemd_words(lines["ExecStart"]) == list(night(*more).command)
    assert lines["WorkingDirectory"].replace("%%", "%") == night().folder
    assert "OnCalendar=*-*-* 03:05:00" in timer


@settings(deadline=None, max_examples=50)
@given(words)
def test_launchd_reads_the_words_that_were_meant(more: list[str]) -> None:
    ((path, text),) = units("launchd", night(*more), HOME).files
    told = plistlib.loads(text.encode())
    assert told["ProgramArguments"] == list(night(*more).command)
    assert told["StartCalendarInterval"] == {"Hour": 3, "Minute": 5}
    assert path.name == told["Label"] + ".plist"


@pytest.mark.parametrize("kind", ["cron", "systemd", "launchd"])
def test_what_no_scheduler_can_write_is_refused(kind: str) -> None:
    with pytest.raises(UsageError, match="control character"):
        units(kind, night("a\nb"), HOME)


def test_the_command_prints_the_unit_and_how_to_install_it(
    soma: Soma,  # noqa: F811
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    answer = soma("schedule", "--cron", "--at", "23:45", "my traces")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("45 23 * * * cd ")
    told = shlex.split(cron_command(answer.out))
    assert told[told.index("nightly") :][:6] == [
        "nightly",
        "--vault",
        str(tmp_path / ".soma"),
        "--out",
        str(tmp_path),
        "--",
    ]
    assert told[told.index("--") + 1] == str(tmp_path / "my traces")
    assert (
        answer.err
        == "to install it: (crontab -l 2>/dev/null; soma schedule --cron --at 23:45 'my traces') | crontab -\n"
    )
    assert list(tmp_path.iterdir()) == []
    assert soma("schedule", "--cron", "--write", "x").code == 2
    assert list(tmp_path.iterdir()) == []
    written = soma("schedule", "--systemd", "--write", "x")
    assert written.code == 0, written.err
    assert written.out == ""
    names = sorted(path.name for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert names == ["soma-nightly.service", "soma-nightly.timer"]


@pytest.mark.parametrize("wrong", [["x"], ["--cron"], ["--cron", "--at", "25:00", "x"], ["--cron", "--at", "3", "x"]])
def test_what_is_missing_or_wrong_is_a_usage_error(soma: Soma, wrong: list[str]) -> None:  # noqa: F811
    assert soma("schedule", *wrong).code == 2
