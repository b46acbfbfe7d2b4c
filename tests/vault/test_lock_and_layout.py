"""One writer at a time, private files, one key for ever, and layouts that are older or newer than this soma."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from soma.errors import VaultError, VaultLocked, VaultMissing, VaultNewer
from soma.vault import VaultRoot, migrate, root
from soma.vault.storage import Storage
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import assert_like_scratch, contents, harvest_into, listing, one

HOLD = """
import sys, time
from soma.vault import VaultRoot
with VaultRoot(sys.argv[1]).writer():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    write(tmp_path / "t" / "s1.jsonl", session("s1", 2))
    harvest_into(tmp_path / "vault", tmp_path / "t")
    return tmp_path / "vault"


class TestTheLock:
    @pytest.fixture
    def holder(self, vault: Path) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen([sys.executable, "-c", HOLD, str(vault)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
        process.communicate()

    def test_who_waits_too_long_is_told_for_whom(self, vault: Path, holder: subprocess.Popen[str]) -> None:
        started = time.monotonic()
        with (
            pytest.raises(VaultLocked, match="another process writes to the vault") as caught,
            VaultRoot(vault).writer(wait_s=0.3),
        ):
            pass
        assert 0.3 <= time.monotonic() - started < 5
        assert caught.value.exit_code == 5
        assert "wait for the other harvest" in caught.value.hint
        if sys.platform == "linux":
            assert f"(process {holder.pid})" in caught.value.message

    def test_readers_do_not_wait(self, vault: Path, holder: subprocess.Popen[str]) -> None:
        assert holder.poll() is None
        assert one(vault, "SELECT count(*) FROM executions") == 1

    def test_the_lock_of_a_dead_writer_is_free(self, vault: Path, holder: subprocess.Popen[str]) -> None:
        holder.kill()
        holder.wait()
        with VaultRoot(vault).writer(wait_s=2) as writer:
            assert writer.version == 1

    def test_a_writer_waits_for_another(self, vault: Path) -> None:
        order = []
        first = VaultRoot(vault).writer()

        def second() -> None:
            with VaultRoot(vault).writer(wait_s=10):
                order.append("second")

        with first:
            thread = threading.Thread(target=second)
            thread.start()
            time.sleep(0.3)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]

    def test_a_harvest_that_waited_reads_what_is_there_then(self, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = vault.parent / "t" / "s1.jsonl"
        original = VaultRoot.writer

        def later(self: VaultRoot) -> object:
            # Meanwhile the session grows, and another harvest reads it.
            monkeypatch.setattr(VaultRoot, "writer", original)
            append(path, session("s1", 4)[5:])
            harvest_into(vault, path)
            return original(self)

        monkeypatch.setattr(VaultRoot, "writer", later)
        assert harvest_into(vault, path).sources.unchanged == 1
        assert_like_scratch(vault, path)

    def test_a_failed_entry_leaves_the_process_as_it_was(self, vault: Path) -> None:
        before = os.umask(0o022)
        os.umask(before)
        with VaultRoot(vault).writer(), pytest.raises(VaultLocked):
            VaultRoot(vault).writer(wait_s=0).__enter__()
        after = os.umask(before)
        assert after == before


class TestPrivacy:
    def test_files_and_folders_are_their_owners_only(self, tmp_path: Path, fixtures: Path) -> None:
        before = os.umask(0)
        try:
            harvest_into(tmp_path / "deep" / "vault", fixtures / "agentflow")
        finally:
            os.umask(before)
        vault = tmp_path / "deep" / "vault"
        assert stat.S_IMODE(vault.stat().st_mode) == 0o700
        paths = list(vault.rglob("*"))
        assert len(paths) > 20
        for path in paths:
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), path

    def test_the_key_survives(self, vault: Path) -> None:
        key = (vault / "key").read_bytes()
        assert len(key) == 32
        VaultRoot(vault).create(b"x" * 32)
        append(vault.parent / "t" / "s1.jsonl", session("s1", 3)[5:])
        harvest_into(vault, vault.parent / "t")
        assert (vault / "key").read_bytes() == key

    def test_two_first_harvests_agree_on_one_key(self, tmp_path: Path) -> None:
        for number in range(10):
            vault = tmp_path / f"v{number}"
            keys: list[bytes] = []

            def make(key: bytes, vault: Path = vault, keys: list[bytes] = keys) -> None:
                VaultRoot(vault).create(key)
                keys.append(VaultRoot(vault).key())

            threads = [threading.Thread(target=make, args=(bytes([65 + n]) * 32,)) for n in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(set(keys)) == 1

    def test_a_lost_key_is_said_in_words(self, vault: Path) -> None:
        (vault / "key").unlink()
        append(vault.parent / "t" / "s1.jsonl", session("s1", 3)[5:])
        with pytest.raises(VaultError, match="key cannot be read"):
            harvest_into(vault, vault.parent / "t")


class TestPlacesThatAreNoVault:
    def test_nothing_there(self, tmp_path: Path) -> None:
        for open_it in (VaultRoot(tmp_path / "none").snapshot, VaultRoot(tmp_path / "none").writer):
            with pytest.raises(VaultMissing) as caught:
                open_it()
            assert "soma harvest PATH makes one" in caught.value.hint
        assert not (tmp_path / "none").exists()

    @pytest.mark.parametrize(
        "mark", ["", "{", "[]", '{"format": "other"}', '{"format": "soma-vault", "schemaVersion": "1"}']
    )
    def test_a_damaged_mark(self, vault: Path, mark: str) -> None:
        (vault / "vault.json").write_text(mark)
        for open_it in (VaultRoot(vault).snapshot, VaultRoot(vault).writer):
            with pytest.raises(VaultError, match="mark"):
                open_it()

    def test_a_file_where_the_vault_should_be(self, tmp_path: Path) -> None:
        place = write(tmp_path / "file", ["x"])
        path = write(tmp_path / "t" / "s1.jsonl", session("s1", 1))
        with pytest.raises(VaultError, match="cannot make a vault") as caught:
            harvest_into(place, path)
        assert "--vault DIR" in caught.value.hint

    def test_a_damaged_log(self, vault: Path) -> None:
        for log in (vault / "archive" / "executions" / "_delta_log").glob("*.json"):
            log.write_text("{not json")
        with pytest.raises(VaultError, match="log of archive/executions cannot be read"):
            VaultRoot(vault).snapshot()


class TestLayouts:
    def test_a_newer_one_is_refused_and_left_alone(self, vault: Path) -> None:
        VaultRoot(vault).mark(99)
        written = listing(vault)
        for open_it in (VaultRoot(vault).snapshot, VaultRoot(vault).writer):
            with pytest.raises(VaultNewer, match="layout 99, this soma knows layouts up to") as caught:
                open_it()
            assert "install the newer soma" in caught.value.hint
        with pytest.raises(VaultNewer):
            harvest_into(vault, vault.parent / "t")
        assert listing(vault) == written

    @pytest.fixture
    def newer_soma(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        steps: list[str] = []
        monkeypatch.setattr(root, "SCHEMA_VERSION", 3)
        monkeypatch.setitem(migrate.STEPS, 1, lambda vault: steps.append(f"1 of {vault.path.name}"))
        monkeypatch.setitem(migrate.STEPS, 2, lambda vault: steps.append(f"2 of {vault.path.name}"))
        return steps

    def test_an_older_one_is_brought_up_to_date_by_the_next_writer(self, vault: Path, newer_soma: list[str]) -> None:
        with pytest.raises(VaultError, match="older layout") as caught:
            VaultRoot(vault).snapshot()
        assert "the next soma harvest brings it up to date" in caught.value.hint
        assert newer_soma == []
        harvest_into(vault, vault.parent / "t")
        assert newer_soma == ["1 of vault", "2 of vault"]
        assert VaultRoot(vault).schema_version() == 3
        assert one(vault, "SELECT count(*) FROM executions") == 1
        harvest_into(vault, vault.parent / "t")
        assert len(newer_soma) == 2

    def test_two_writers_upgrade_once(self, vault: Path, newer_soma: list[str]) -> None:
        def slow(storage: Storage) -> None:
            time.sleep(0.2)
            newer_soma.append("1")

        migrate.STEPS[1] = slow
        threads = [threading.Thread(target=lambda: VaultRoot(vault).writer()) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert newer_soma == ["1", "2 of vault"]

    def test_an_upgrade_that_broke_is_repeated(
        self, vault: Path, newer_soma: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(storage: Storage) -> None:
            raise OSError(28, "No space left on device")

        before = contents_of_older(vault)
        with monkeypatch.context() as patched:
            patched.setitem(migrate.STEPS, 2, full)
            with pytest.raises(VaultError, match="cannot be brought up to date: No space left"):
                VaultRoot(vault).writer()
        assert VaultRoot(vault).schema_version() == 1
        VaultRoot(vault).writer()
        assert newer_soma == ["1 of vault", "1 of vault", "2 of vault"]
        assert contents(vault) == before

    def test_no_way_leads_there(self, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(root, "SCHEMA_VERSION", 2)
        monkeypatch.delitem(migrate.STEPS, 1, raising=False)
        with pytest.raises(VaultError, match="no way leads from layout 1 to 2") as caught:
            VaultRoot(vault).writer()
        assert "harvest the sources into a new vault" in caught.value.hint


def contents_of_older(vault: Path) -> dict[str, list[str]]:
    """What a vault answers, whatever layout this soma thinks it should have."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(root, "SCHEMA_VERSION", 1)
        return contents(vault)
