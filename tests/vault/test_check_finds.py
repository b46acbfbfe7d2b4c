"""What ``soma vault check`` has to notice, each damage made on purpose."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soma.schema import DECISIONS, EXECUTIONS, SOURCES, Table
from soma.vault import Changes, VaultRoot
from soma.vault.check import Checked, check
from soma.vault.damage import FileSeen, files_seen
from soma.vault.delta import LiveTable
from soma.vault.fragment import Fragment, found_digest, told_digest, write_fragment
from soma.vault.upkeep import compact
from tests.harvest.traces import session, write
from tests.harvest.vaults import contents, harvest_into

ALTERED = "a file of the vault is damaged: its bytes are not those that were written"


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    for name in ("s1", "s2", "s3"):
        write(tmp_path / "t" / f"{name}.jsonl", session(name, 3))
    harvest_into(tmp_path / "vault", tmp_path / "t")
    return tmp_path / "vault"


def _check(vault: Path) -> Checked:
    return check(VaultRoot(vault).snapshot())


def _problems(vault: Path) -> list[str]:
    return [f"{finding.where}: {finding.problem}" for finding in _check(vault).findings]


def _file(vault: Path, table: Table) -> Path:
    return next((vault / table.path).glob("*.parquet"))


def _rewrite(vault: Path, table: Table, change: Any) -> None:
    """Replace the rows of a table behind the harvester's back, by a commit as the log wants it."""
    live = LiveTable(vault, table)
    rows = change(live.read())
    live.commit([write_fragment(vault, table, rows)], list(live.files()), metadata=live.metadata())


def _without_digest(vault: Path, table: Table, rows: pa.Table | None = None) -> Path:
    """Replace a table's file by one whose name tells nothing, as other writers name them."""
    live = LiveTable(vault, table)
    path = live.folder / "part-0123456789abcdef01234567.parquet"
    (name,), old = live.files(), live.read()
    pq.write_table(old if rows is None else rows, path, compression="zstd", write_page_checksum=True)
    told = Fragment(path.name, old.num_rows, path.stat().st_size, f'{{"numRecords": {old.num_rows}}}')
    live.commit([told], [name], metadata=live.metadata())
    return path


def _flipped(path: Path, place: int, bit: int) -> bytes:
    """Flip one bit of the file; returns the bytes it had."""
    data = path.read_bytes()
    broken = bytearray(data)
    broken[place] ^= 1 << bit
    path.write_bytes(broken)
    return data


def test_a_whole_vault_is_whole(vault: Path) -> None:
    result = _check(vault)
    assert result.findings == []
    assert (result.executions, result.decisions, result.sources) == (3, 9, 3)
    assert (result.version, result.files) == (1, 3)
    assert result.rows == 3 + 9 + 3


@pytest.mark.parametrize("table", [EXECUTIONS, DECISIONS, SOURCES], ids=lambda table: table.name)
class TestDamagedFiles:
    def test_deleted(self, vault: Path, table: Table) -> None:
        name = _file(vault, table).name
        _file(vault, table).unlink()
        (problem,) = _problems(vault)
        assert problem.startswith(f"{table.path}/{name}: a file of the vault is damaged")
        assert "No such file" in problem

    @pytest.mark.parametrize("left", [0, 3, 100, -20])
    def test_truncated(self, vault: Path, table: Table, left: int) -> None:
        path = _file(vault, table)
        path.write_bytes(path.read_bytes()[:left])
        assert _problems(vault) == [f"{table.path}/{path.name}: {ALTERED}"]

    @pytest.mark.parametrize("left", [0, 3, 100, -20])
    def test_truncated_where_no_digest_tells(self, vault: Path, table: Table, left: int) -> None:
        path = _without_digest(vault, table)
        path.write_bytes(path.read_bytes()[:left])
        (problem,) = _problems(vault)
        assert problem.startswith(f"{table.path}/{path.name}: a file of the vault is damaged")

    def test_any_flipped_bit(self, vault: Path, table: Table) -> None:
        """Headers, statistics and padding included: parquet's own checksums cover none of them."""
        path = _file(vault, table)
        live, chance = LiveTable(vault, table), random.Random(table.name)
        size, rows = path.stat().st_size, live.files()[path.name]
        ends = [*range(8), *range(size - 12, size)]
        for place in [*ends, *chance.sample(range(size), 300)]:
            data = _flipped(path, place, chance.randrange(8))
            assert list(files_seen(live)) == [FileSeen(path.name, rows, 0, ALTERED)], place
            path.write_bytes(data)
        assert list(files_seen(live)) == [FileSeen(path.name, rows, rows, None)]
        _flipped(path, size // 2, 0)
        assert _problems(vault) == [f"{table.path}/{path.name}: {ALTERED}"]

    def test_a_flipped_bit_of_a_value_where_no_digest_tells(self, vault: Path, table: Table) -> None:
        path = _without_digest(vault, table)
        columns = pq.read_metadata(path).row_group(0)
        for number in range(0, columns.num_columns, 5):
            column = columns.column(number)
            # The last bytes of a column are values; before them come headers.
            place = (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 2
            data = _flipped(path, place, 4)
            assert _problems(vault), column.path_in_schema
            path.write_bytes(data)

    def test_no_flipped_bit_of_a_file_without_digest_breaks_the_check(self, vault: Path, table: Table) -> None:
        path = _without_digest(vault, table)
        live, chance = LiveTable(vault, table), random.Random(table.name)
        noticed = 0
        for place in chance.sample(range(path.stat().st_size), 200):
            data = _flipped(path, place, chance.randrange(8))
            (seen,) = files_seen(live)
            noticed += seen.problem is not None
            path.write_bytes(data)
        assert noticed > 100

    def test_other_rows_than_the_log_says(self, vault: Path, table: Table) -> None:
        rows = LiveTable(vault, table).read()
        path = _without_digest(vault, table, rows.slice(1))
        assert _problems(vault) == [
            f"{table.path}/{path.name}: holds {rows.num_rows - 1} rows where the log says {rows.num_rows}"
        ]

    def test_a_column_is_missing(self, vault: Path, table: Table) -> None:
        path = _without_digest(vault, table, LiveTable(vault, table).read().drop_columns(["source_id"]))
        assert _problems(vault) == [f"{table.path}/{path.name}: lacks the columns source_id"]


def test_the_name_of_a_file_holds_its_sha256(vault: Path) -> None:
    import hashlib

    for table in (EXECUTIONS, DECISIONS, SOURCES):
        path = _file(vault, table)
        told = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        assert path.stem.endswith(told)
        assert told_digest(path.name) == found_digest(path) == told
    assert told_digest("part-0123456789abcdef01234567.parquet") is None
    assert told_digest("part-00000-1234-c000.snappy.parquet") is None


def test_equal_rows_written_twice_are_two_files(vault: Path) -> None:
    rows = LiveTable(vault, SOURCES).read()
    one, other = write_fragment(vault, SOURCES, rows), write_fragment(vault, SOURCES, rows)
    assert one.name != other.name
    assert told_digest(one.name) == told_digest(other.name)


def test_files_without_digest_are_read_and_compaction_gives_them_one(vault: Path) -> None:
    before = contents(vault)
    path = _without_digest(vault, EXECUTIONS)
    assert _problems(vault) == []
    write(vault.parent / "t" / "s4.jsonl", session("s4", 1))
    harvest_into(vault, vault.parent / "t")
    with VaultRoot(vault).writer() as writer:
        compact(writer)
    live = LiveTable(vault, EXECUTIONS).files()
    assert path.name not in live
    assert all(told_digest(name) for name in live)
    assert set(before["executions"]) < set(contents(vault)["executions"])
    assert _problems(vault) == []


def test_a_null_that_may_not_be(vault: Path) -> None:
    rows = LiveTable(vault, EXECUTIONS).read()
    position = rows.column_names.index("agent_id")
    path = _without_digest(vault, EXECUTIONS, rows.set_column(position, "agent_id", pa.array(["a", None, "b"])))
    assert _problems(vault) == [f"archive/executions/{path.name}: agent_id is null in 1 rows"]


def test_an_id_twice(vault: Path) -> None:
    def twice(rows: pa.Table) -> pa.Table:
        return pa.concat_tables([rows, rows.slice(0, 1)])

    _rewrite(vault, DECISIONS, twice)
    problems = _problems(vault)
    assert "archive/decisions: cc:s1#toolu_s1_0 stands there 2 times" in problems
    assert "archive/executions: cc:s1 says it has 3 decisions, 4 are there" in problems
    _rewrite(vault, EXECUTIONS, twice)
    assert "archive/executions: cc:s1 stands there 2 times" in _problems(vault)
    _rewrite(vault, SOURCES, twice)
    assert any("src-" in problem and "stands there 2 times" in problem for problem in _problems(vault))


def test_decisions_that_are_missing(vault: Path) -> None:
    _rewrite(vault, DECISIONS, lambda rows: rows.slice(2))
    assert _problems(vault) == ["archive/executions: cc:s1 says it has 3 decisions, 1 are there"]


def test_outcomes_that_do_not_add_up(vault: Path) -> None:
    def wrong(rows: pa.Table) -> pa.Table:
        return rows.set_column(rows.column_names.index("ok"), "ok", pa.array([9, 9, 2], pa.int32()))

    _rewrite(vault, EXECUTIONS, wrong)
    assert [problem for problem in _problems(vault) if "do not add up" in problem] == [
        "archive/executions: cc:s1: the outcomes do not add up to its decisions",
        "archive/executions: cc:s2: the outcomes do not add up to its decisions",
    ]


def test_a_source_the_ledger_does_not_know(vault: Path) -> None:
    _rewrite(vault, SOURCES, lambda rows: rows.slice(1))
    (problem,) = _problems(vault)
    assert problem.startswith("archive/sources: cc:s1 comes from src-")
    assert problem.endswith("which the ledger does not know")


def test_executions_the_ledger_tells_of_and_nobody_has(vault: Path) -> None:
    with VaultRoot(vault).writer() as writer:
        changes = Changes()
        changes.add(EXECUTIONS, "execution_id", {"cc:s2"}, EXECUTIONS.arrow().empty_table())
        writer.commit(changes, role="harvester")
    (problem,) = _problems(vault)
    assert problem.endswith("is said to hold 1 executions, none of them is there")


def test_long_lists_are_cut(vault: Path) -> None:
    def many(rows: pa.Table) -> pa.Table:
        return pa.concat_tables([rows] * 2)

    for number in range(10):
        write(vault.parent / "t" / f"more{number}.jsonl", session(f"more{number}", 3))
    harvest_into(vault, vault.parent / "t")
    _rewrite(vault, DECISIONS, many)
    found = [problem for problem in _problems(vault) if problem.startswith("archive/decisions")]
    assert len(found) == 21
    assert found[-1].endswith("… and 19 more of the same kind")


def test_a_fragment_the_log_names_wrongly(vault: Path) -> None:
    live = LiveTable(vault, SOURCES)
    name = _file(vault, SOURCES).name
    live.commit([Fragment("part-missing.parquet", 1, 10, '{"numRecords": 1}')], [name], metadata=live.metadata())
    assert any("part-missing.parquet" in problem for problem in _problems(vault))
