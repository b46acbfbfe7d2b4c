"""What ``soma vault check`` has to notice, each damage made on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from soma.schema import DECISIONS, EXECUTIONS, SOURCES, Table
from soma.vault import Changes, VaultRoot
from soma.vault.check import Checked, check
from soma.vault.delta import LiveTable
from soma.vault.fragment import Fragment, write_fragment
from tests.harvest.traces import session, write
from tests.harvest.vaults import harvest_into


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
        (problem,) = _problems(vault)
        assert problem.startswith(f"{table.path}/{path.name}: a file of the vault is damaged")

    def test_a_flipped_bit_in_the_data(self, vault: Path, table: Table) -> None:
        import pyarrow.parquet as pq

        path = _file(vault, table)
        data = path.read_bytes()
        columns = pq.read_metadata(path).row_group(0)
        for number in range(0, columns.num_columns, 5):
            column = columns.column(number)
            # The last bytes of a column are values; before them come headers.
            place = (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 2
            broken = bytearray(data)
            broken[place] ^= 0x10
            path.write_bytes(broken)
            assert _problems(vault), column.path_in_schema

    def test_other_rows_than_the_log_says(self, vault: Path, table: Table) -> None:
        import pyarrow.parquet as pq

        path = _file(vault, table)
        rows = pq.read_table(path)
        pq.write_table(rows.slice(1), path)
        problems = _problems(vault)
        assert problems == [
            f"{table.path}/{path.name}: holds {rows.num_rows - 1} rows where the log says {rows.num_rows}"
        ]

    def test_a_column_is_missing(self, vault: Path, table: Table) -> None:
        import pyarrow.parquet as pq

        path = _file(vault, table)
        pq.write_table(pq.read_table(path).drop_columns(["source_id"]), path)
        assert _problems(vault) == [f"{table.path}/{path.name}: lacks the columns source_id"]


def test_a_null_that_may_not_be(vault: Path) -> None:
    import pyarrow.parquet as pq

    path = _file(vault, EXECUTIONS)
    rows = pq.read_table(path)
    position = rows.column_names.index("agent_id")
    pq.write_table(rows.set_column(position, "agent_id", pa.array(["a", None, "b"])), path)
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
        writer.commit(changes)
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
