"""Real processes: killed at any instant, and several at once, they leave what one undisturbed harvest leaves."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soma.errors import VaultError
from soma.vault import VaultRoot
from soma.vault.check import check
from tests.harvest.vaults import assert_same, assert_whole, harvest_into, one

from .processes import kill, start


def _group_is_empty(group: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("kills", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_kill_9_at_any_instant_loses_nothing(tmp_path: Path, fixtures: Path, at_once: Path, kills: int) -> None:
    chance = random.Random(9)
    versions = []
    vault = tmp_path / "vault"
    for attempt in range(2 * kills):
        if attempt % kills == 0:
            vault = tmp_path / f"vault{attempt}"
        process = start(tmp_path, vault, fixtures)
        assert process.stdout is not None
        for _ in range(chance.randint(1, 8)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.06)
        kill(process)
        if VaultRoot(vault).exists:
            snapshot = VaultRoot(vault).snapshot()
            assert check(snapshot).findings == []
            versions.append(snapshot.version)
        if attempt % kills == kills - 1:
            harvest_into(vault, fixtures)
            assert_whole(vault)
            assert_same(vault, at_once)
    assert len(set(versions)) > (kills + 1) // 2, "the kills have to hit at different instants"


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path, fixtures: Path, at_once: Path) -> None:
    vault = tmp_path / "vault"
    process = start(tmp_path, vault, fixtures, pool=True)
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert _group_is_empty(process.pid), "workers outlive the harvest"
    process.communicate()
    harvest_into(vault, fixtures)
    assert_same(vault, at_once)


@pytest.mark.parametrize("pool", [False, True], ids=["one process", "workers"])
def test_ctrl_c_keeps_what_was_read_and_says_so(tmp_path: Path, fixtures: Path, at_once: Path, pool: bool) -> None:
    vault = tmp_path / "vault"
    process = start(tmp_path, vault, fixtures, pool=pool)
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    # A terminal sends it to the whole group.
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors
    version = VaultRoot(vault).snapshot().version
    assert 1 <= version < 17
    assert_whole(vault)
    assert 0 < one(vault, "SELECT count(*) FROM executions") < one(at_once, "SELECT count(*) FROM executions")
    harvest_into(vault, fixtures)
    assert_same(vault, at_once)


@pytest.mark.parametrize("writers", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_racing_harvests_count_everything_once(tmp_path: Path, fixtures: Path, at_once: Path, writers: int) -> None:
    folders = sorted(path for path in fixtures.iterdir() if path.is_dir())
    # Every source is harvested by two of them: by the first and the second, by the second and the third, …
    shares = [
        [folder for number, folder in enumerate(folders) if number % writers in {racer, (racer + 1) % writers}]
        for racer in range(writers)
    ]
    assert all(sum(folder in share for share in shares) == 2 for folder in folders)
    vault = tmp_path / "vault"
    racers = [start(tmp_path, vault, *share) for share in shares]
    assert all(racer.poll() is None for racer in racers), "they have to run at once"
    written = []
    for racer in racers:
        out, errors = racer.communicate(timeout=120)
        assert racer.returncode == 0, errors
        written.append(int(out.split()[-1]))
    assert_whole(vault)
    for table, key in (("executions", "execution_id"), ("decisions", "decision_id"), ("sources", "source_id")):
        stored = f"SELECT count(*) - count(DISTINCT {key}) FROM {table}"
        assert one(vault, stored) == 0, table
    assert_same(vault, at_once)
    # Of four, none has all sources.
    assert sum(many > 0 for many in written) >= writers // 2
    assert len({path.read_bytes() for path in vault.glob("key")}) == 1


@pytest.mark.parametrize("call", [1, 2, 3])
def test_no_space_for_a_file_leaves_nothing_behind(
    tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    vault, calls, original = tmp_path / "vault", 0, pq.write_table

    def full(rows: pa.Table, stream: BinaryIO, **named: Any) -> None:
        nonlocal calls
        calls += 1
        original(rows, stream, **named)
        if calls == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(pq, "write_table", full)
        with pytest.raises(VaultError, match="cannot be written: No space left on device") as caught:
            harvest_into(vault, fixtures / "claude-code")
    assert caught.value.exit_code == 5
    assert one(vault, "SELECT count(*) FROM executions") == 0
    assert len(list(vault.rglob("*.parquet"))) == call - 1
    harvest_into(vault, fixtures / "claude-code")
    assert_whole(vault)


@pytest.mark.parametrize("bytes_left", [2_000, 30_000, 60_000])
def test_a_disk_that_is_full_is_said_in_words(tmp_path: Path, fixtures: Path, at_once: Path, bytes_left: int) -> None:
    """A limit on file sizes stands for it: what is written beyond it fails in the same calls."""
    vault = tmp_path / "vault"
    limited = (
        "import resource, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes_left}, {bytes_left})); "
        "from soma.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "harvest", str(fixtures), "--vault", str(vault), "--jobs", "1"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert "broke" not in done.stderr
    assert "written" in done.stderr or "committed to" in done.stderr
    assert "→ check that the disk is not full" in done.stderr
    assert_whole(vault)
    harvest_into(vault, fixtures)
    assert_same(vault, at_once)
