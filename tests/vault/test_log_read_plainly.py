"""A table's log as soma reads it is what the Delta library makes of it, or is left to the library."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from soma.errors import VaultConflict
from soma.schema import DECISIONS, EXECUTIONS, TABLES
from soma.vault import VaultRoot
from soma.vault.delta import APPLICATION, LiveTable
from soma.vault.log import read_log
from soma.vault.upkeep import compact
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import contents, harvest_into


def _assert_as_the_library_reads_it(folder: Path) -> None:
    log, delta = read_log(folder), DeltaTable(folder)
    assert log is not None
    actions = delta.get_add_actions(flatten=True)
    names, rows, sizes = (actions.column(each).to_pylist() for each in ("path", "num_records", "size_bytes"))
    assert (log.version, log.rows, log.sizes) == (
        delta.version(),
        dict(zip(names, rows, strict=True)),
        dict(zip(names, sizes, strict=True)),
    )
    assert log.transactions.get(APPLICATION) == delta.transaction_version(APPLICATION)
    assert log.told == delta.history(1)[0].get("soma", "{}")


@pytest.fixture
def grown(tmp_path: Path, fixtures: Path) -> Path:
    """A vault after several harvests and a compaction: files were added and removed."""
    vault = tmp_path / "vault"
    source = write(tmp_path / "t" / "s1.jsonl", session("s1", 2))
    harvest_into(vault, source, fixtures / "agentflow")
    for number in range(3, 6):
        append(source, session("s1", number)[2 * number - 1 :])
        write(tmp_path / "t" / f"s{number}.jsonl", session(f"s{number}", number))
        harvest_into(vault, tmp_path / "t")
    with VaultRoot(vault).writer() as writer:
        compact(writer)
    return vault


def test_every_table_of_a_grown_vault(grown: Path) -> None:
    made = [table for table in TABLES if (grown / table.path / "_delta_log").is_dir()]
    assert {EXECUTIONS, DECISIONS} <= set(made)
    for table in made:
        _assert_as_the_library_reads_it(grown / table.path)
    assert any(len(list((grown / table.path / "_delta_log").iterdir())) > 4 for table in made)


def test_what_a_killed_writer_left_is_no_commit(grown: Path) -> None:
    folder = grown / EXECUTIONS.path
    (folder / "_delta_log" / "_commit_0b5b1c1e.json.tmp").write_bytes(b'{"add":')
    _assert_as_the_library_reads_it(folder)


def test_a_log_with_a_checkpoint_is_left_to_the_library(grown: Path) -> None:
    before = contents(grown)
    for table in (EXECUTIONS, DECISIONS):
        DeltaTable(grown / table.path).create_checkpoint()
        assert read_log(grown / table.path) is None
    assert contents(grown) == before


def _change(commit: Path, change: Callable[[dict[str, object]], object]) -> None:
    actions = [json.loads(line) for line in commit.read_bytes().splitlines()]
    for action in actions:
        change(action)
    commit.write_text("".join(json.dumps(action) + "\n" for action in actions))


def _vectors(action: dict[str, object]) -> None:
    if isinstance(added := action.get("add"), dict):
        added["deletionVector"] = {"storageType": "u", "pathOrInlineDv": "x", "sizeInBytes": 1, "cardinality": 1}


def _newer(action: dict[str, object]) -> None:
    if isinstance(protocol := action.get("protocol"), dict):
        protocol["minReaderVersion"] = 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: (log / f"{1:020}.json").unlink(),
        lambda log: (log / f"{1:020}.json").write_bytes(b""),
        lambda log: (log / f"{1:020}.json").write_bytes(b"\x00\xff\n"),
        lambda log: (log / f"{1:020}.json").write_bytes((log / f"{1:020}.json").read_bytes()[:-30]),
        lambda log: append(log / f"{1:020}.json", ['{"domainMetadata":{}}\n']),
        lambda log: _change(log / f"{1:020}.json", _vectors),
        lambda log: _change(log / f"{0:020}.json", _newer),
        lambda log: _change(log / f"{0:020}.json", lambda action: action.pop("metaData", None)),
        lambda log: (log / "another.file").write_bytes(b""),
        shutil.rmtree,
    ],
    ids=["a gap", "empty", "no text", "torn", "unknown action", "deleted rows", "newer protocol", "no schema",
         "another file", "none"],
)  # fmt: skip
def test_whatever_else_stands_in_a_log_is_left_to_the_library(grown: Path, spoil: Callable[[Path], object]) -> None:
    folder = grown / EXECUTIONS.path
    assert read_log(folder) is not None
    spoil(folder / "_delta_log")
    assert read_log(folder) is None


def test_a_commit_goes_on_from_the_version_that_was_read(grown: Path) -> None:
    live = LiveTable(grown, EXECUTIONS)
    after = live.commit([], [], metadata={"a": 1})
    assert after.version == live.version + 1
    assert (after.files(), after.metadata()) == (live.files(), {"a": 1})
    assert LiveTable(grown, EXECUTIONS).metadata() == {"a": 1}


def test_a_table_that_another_made_meanwhile_is_a_conflict(grown: Path) -> None:
    folder = grown / EXECUTIONS.path
    shutil.rmtree(folder / "_delta_log")
    first, second = LiveTable(grown, EXECUTIONS), LiveTable(grown, EXECUTIONS)
    first.commit([], [], transaction=5)
    with pytest.raises(VaultConflict):
        second.commit([], [], transaction=5)
    assert (LiveTable(grown, EXECUTIONS).version, LiveTable(grown, EXECUTIONS).transaction()) == (1, 5)
