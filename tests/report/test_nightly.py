"""soma nightly as processes: one at a time, repaired after being killed anywhere, one line and an exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from soma import codec
from soma.errors import VaultLocked
from soma.synthesizer.jobs.report.schema import shipped
from soma.vault import VaultRoot
from soma.vault.check import check_vault
from soma.vault.night import NightLock

from .conftest import one_night
from .story import RULES, night

NOW = "2026-11-28T03:00:00Z"
# Where a night is killed: just before it calls this. (A harvest's own commits have tests of their own.)
# In the order of the night: what was done before is not done again, so an earlier point is then passed by.
KILLED_AT = {
    "before anything is harvested": "soma.api.nightly.harvest",
    "before the replay is kept": "soma.pressure.replay.keep._commit",
    "before answers are kept": "soma.synthesizer.synthesize._keep",
    "before the report is made": "soma.api.nightly.report_of",
    "before the page is written": "soma.files.write_private",
    "while the report is written": "soma.files.os.fsync",
}
SOME = ("before answers are kept", "while the report is written")
KILL = """
import importlib, os, signal, sys
place, vault, out, traces = sys.argv[1:]
module, name = place.rsplit(".", 1)
owner = os if module == "soma.files.os" else importlib.import_module(module)
import soma.api.nightly, soma.files
whole = getattr(owner, name)
def die(*given, **more):
    # The vault writes files the same way: only those beside it, the report's, count here.
    if name == "write_private" and not str(given[0]).endswith("soma-report.html"):
        return whole(*given, **more)
    if name == "fsync" and not os.readlink(f"/proc/self/fd/{given[0]}").split("/")[-1].startswith(".soma-report.json"):
        return whole(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, die)
sys.argv = ["soma", "nightly", "--vault", vault, "--out", out, traces]
from soma.cli.main import main
main()
"""


def start(folder: Path, *arguments: str, code: str | None = None, environment: dict[str, str] | None = None) -> Any:
    given = [sys.executable, *(["-c", code] if code else ["-m", "soma.cli.main"]), *arguments]
    variables = {**os.environ, "SOMA_HOME": str(folder / "home"), "SOMA_NOW": NOW, **(environment or {})}
    return subprocess.Popen(given, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: Any) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process that ends."""
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "soma.toml").write_text(RULES)
    night(tmp_path / "traces", 1, {"poller": 0.05, "node-runner": 0.8}, 6)
    return tmp_path


def test_two_at_once_one_runs_and_the_other_says_who(folder: Path) -> None:
    VaultRoot(folder / ".soma").create(b"k" * 32)
    with NightLock(folder / ".soma"):
        code, out, err = ended(start(folder, "nightly", "traces"))
        assert code == 5
        assert out == ""
        assert re.search(
            rf"another night is running: process {os.getpid()} on \S+ since \d{{4}}-\d\d-\d\d \d\d:\d\d", err
        )
        waiting = start(folder, "nightly", "traces", "--wait", "100")
        time.sleep(1)
        assert waiting.poll() is None
    code, out, err = ended(waiting)
    assert code == 0, err
    assert re.fullmatch(
        r"soma nightly: 1 of 2 agents unhealthy \(1 critical\), first night, 12 new runs, \d+ new findings?, "
        r"\d+ to review, [\d.]+ s → \S+soma-report.html\n", out
    ), out  # fmt: skip
    assert err == ""


def test_a_lock_of_a_process_that_died_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from soma.vault.night import NightLock; "
        "NightLock(pathlib.Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], timeout=60).returncode == -signal.SIGKILL
    assert (tmp_path / "night.lock").read_bytes() != b""
    with NightLock(tmp_path), pytest.raises(VaultLocked, match=f"process {os.getpid()} on "):
        NightLock(tmp_path).__enter__()
    assert (tmp_path / "night.lock").read_bytes() == b""


@pytest.mark.parametrize("points", [SOME, pytest.param(tuple(KILLED_AT), marks=pytest.mark.slow)], ids=["some", "all"])
def test_killed_anywhere_the_next_night_repairs(folder: Path, points: tuple[str, ...]) -> None:
    """One vault, killed at every point in turn, ends as one that was never killed."""
    for where in points:
        killed, _, err = ended(start(folder, KILLED_AT[where], "vault", "out", "traces", code=KILL))
        assert killed == -signal.SIGKILL, (where, err)
        assert not (folder / "out" / "soma-report.json").exists(), where
        assert not (folder / "vault").exists() or check_vault(VaultRoot(folder / "vault")).findings == [], where
    left = sorted(path.name for path in (folder / "out").iterdir())
    assert left[0].startswith(".soma-report.json."), left
    for vault, out in (("vault", "out"), ("other", "beside")):
        one_night(folder, NOW, vault=vault, out=out)
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["soma-report.html", "soma-report.json"]
    mended, undisturbed = (
        codec.decode((folder / name / "soma-report.json").read_bytes()) for name in ("out", "beside")
    )
    jsonschema.validate(mended, shipped(), jsonschema.Draft202012Validator)
    for report in (mended, undisturbed):
        # How often the vault was written to, and what its files are called, is all that may differ.
        del report["digests"]["basis"], report["digests"]["report"], report["vaultVersion"]
    assert mended == undisturbed


def test_a_source_that_fails_is_exit_code_4_and_the_rest_is_done(folder: Path) -> None:
    (folder / "traces" / "gone.json").symlink_to("nowhere")
    code, out, _ = ended(start(folder, "nightly", "traces", "--json"))
    answer = codec.decode(out)
    assert (answer["schema"], answer["schemaVersion"]) == ("soma.nightly", 1)
    assert (code, answer["sourcesFailed"]) == (4, 1)
    assert answer["executions"] == 12
    assert answer["worse"] is None
    assert answer["previous"] is None
    assert Path(answer["page"]).is_file()


def test_a_path_that_is_not_there_is_a_usage_error(folder: Path) -> None:
    code, out, err = ended(start(folder, "nightly", "nowhere"))
    assert (code, out) == (2, "")
    assert "nowhere" in err


def test_a_file_that_is_no_report_is_not_overwritten(folder: Path) -> None:
    (folder / "soma-report.json").write_text('{"mine": true}')
    code, _, err = ended(start(folder, "nightly", "traces"))
    assert code == 2
    assert "move that file away" in err
    assert (folder / "soma-report.json").read_text() == '{"mine": true}'
    assert not list(folder.rglob("_delta_log")), "refused before the night, not after it"
