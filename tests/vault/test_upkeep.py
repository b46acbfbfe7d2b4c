"""Tidying: fewer files with the same rows, and deletion of what nobody refers to any more."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from soma.schema import DECISIONS, EXECUTIONS, OUTCOMES, SOURCES
from soma.vault import Changes, VaultRoot, upkeep, writer
from soma.vault.upkeep import compact, vacuum
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import assert_like_scratch, assert_whole, contents, harvest_into, listing, one


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A vault of many small commits, with decisions that newer readings replaced."""
    path = write(tmp_path / "t" / "s1.jsonl", session("s1", 1))
    for number in range(2, 8):
        append(path, session("s1", number)[2 * number - 1 :])
        write(tmp_path / "t" / f"other{number}.jsonl", session(f"other{number}", 2))
        harvest_into(tmp_path / "vault", tmp_path / "t")
    return tmp_path / "vault"


def _parquet(vault: Path, table: str) -> set[str]:
    return {name for name in listing(vault / "archive" / table) if name.endswith(".parquet")}


def test_compaction_keeps_every_visible_row_and_drops_the_others(vault: Path) -> None:
    before = contents(vault)
    stored = one(vault, "SELECT count(*) FROM decisions_stored")
    assert stored > len(before["decisions"])
    with VaultRoot(vault).writer() as held:
        done = compact(held)
    assert contents(vault) == before
    assert one(vault, "SELECT count(*) FROM decisions_stored") == len(before["decisions"])
    facts = {item.table: item for item in done.tables}
    assert facts["archive/decisions"].files_before > facts["archive/decisions"].files_after == 1
    assert facts["archive/decisions"].rows_before == stored
    assert facts["archive/decisions"].rows_after == len(before["decisions"])
    assert_whole(vault)
    written = listing(vault)
    with VaultRoot(vault).writer() as held:
        compact(held)
    assert listing(vault) == written, "a compact vault is left alone"


def test_harvests_go_on_after_compaction(vault: Path) -> None:
    with VaultRoot(vault).writer() as held:
        compact(held)
    version = VaultRoot(vault).snapshot().version
    assert harvest_into(vault, vault.parent / "t").sources.read == 0
    append(vault.parent / "t" / "s1.jsonl", session("s1", 9)[15:])
    assert harvest_into(vault, vault.parent / "t").vault_version == version + 1
    assert_like_scratch(vault, vault.parent / "t")


def test_compaction_into_several_files_is_in_the_tables_order(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FILE_ROWS", 5)
    before = contents(vault)
    with VaultRoot(vault).writer() as held:
        compact(held)
    assert contents(vault) == before
    assert_whole(vault)
    snapshot = VaultRoot(vault).snapshot()
    live = snapshot.live(DECISIONS)
    assert sorted(live.files().values())[-1] == 5
    assert len(live.files()) == -(-len(before["decisions"]) // 5)


def test_a_pinned_reader_survives_compaction_and_a_patient_vacuum(vault: Path) -> None:
    snapshot = VaultRoot(vault).snapshot()
    with VaultRoot(vault).writer() as held:
        compact(held)
        assert vacuum(held).files == 0
    assert snapshot.sql("SELECT count(*) AS n FROM decisions")["n"][0].as_py() == one(
        vault, "SELECT count(*) FROM decisions"
    )


def test_vacuum_removes_garbage_and_nothing_else(vault: Path) -> None:
    before = contents(vault)
    orphan = vault / "archive" / "decisions" / "part-0123456789abcdef01234567.parquet"
    orphan.write_bytes(b"what a killed writer left")
    old = time.time() - 30 * 86400
    os.utime(orphan, (old, old))
    with VaultRoot(vault).writer() as held:
        compact(held)
        dry = vacuum(held, retention_hours=0, dry_run=True)
        assert orphan.exists()
        done = vacuum(held, retention_hours=0)
    assert (done.files, done.bytes) == (dry.files, dry.bytes)
    assert done.files > 6
    assert not orphan.exists()
    assert len(_parquet(vault, "decisions")) == len(_parquet(vault, "executions")) == 1
    assert contents(vault) == before
    assert_whole(vault)
    assert harvest_into(vault, vault.parent / "t").sources.read == 0


def test_files_younger_than_the_retention_stay(vault: Path) -> None:
    orphan = vault / "archive" / "decisions" / "part-0123456789abcdef01234567.parquet"
    orphan.write_bytes(b"another process may be about to commit it")
    with VaultRoot(vault).writer() as held:
        vacuum(held, retention_hours=1)
    assert orphan.exists()


def test_many_small_harvests_do_not_leave_many_small_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_SMALL_FILES", 4)
    vault = tmp_path / "vault"
    for number in range(10):
        write(tmp_path / "t" / f"s{number}.jsonl", session(f"s{number}", 1))
        harvest_into(vault, tmp_path / "t")
    snapshot = VaultRoot(vault).snapshot()
    assert len(snapshot.live(EXECUTIONS).files()) <= 4
    assert len(snapshot.live(SOURCES).files()) <= 4
    assert_like_scratch(vault, tmp_path / "t")


def test_after_a_checkpoint_tells_the_same(tmp_path: Path) -> None:
    """The log of a table is folded now and then; numbers and promises have to survive that."""
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 1))
    harvest_into(vault, path)
    with VaultRoot(vault).writer() as held:
        for number in range(5):
            changes = Changes()
            rows = pa.table({"key": [f"s{number}"], "success": [True], "score": [None], "origin": ["test"]})
            changes.add(OUTCOMES, "key", set(), rows)
            held.commit(changes, role="harvester")
    for table in (EXECUTIONS, DECISIONS, SOURCES, OUTCOMES):
        DeltaTable(vault / table.path).create_checkpoint()
    assert list((vault / "archive" / "executions" / "_delta_log").glob("*.checkpoint.parquet"))
    assert VaultRoot(vault).snapshot().version == 6
    assert one(vault, "SELECT count(*) FROM outcomes") == 5
    assert one(vault, "SELECT success FROM executions") is True
    append(path, session("s1", 3)[3:])
    assert harvest_into(vault, path).vault_version == 7
    with VaultRoot(vault).writer() as held:
        compact(held)
        vacuum(held, retention_hours=0)
    assert one(vault, "SELECT count(*) FROM outcomes") == 5
    assert_like_scratch(vault, path, without=("outcomes", "executions"))
