"""What a query may do: read one snapshot. Not other files, not the vault's key, and never write."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from soma.errors import UsageError, VaultError
from soma.schema import DECISIONS
from soma.vault import Snapshot, VaultRoot
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import harvest_into, listing


@pytest.fixture
def snapshot(tmp_path: Path, fixtures: Path) -> Snapshot:
    harvest_into(tmp_path / "vault", fixtures / "agentflow", fixtures / "claude-code", fixtures / "otel")
    return VaultRoot(tmp_path / "vault").snapshot()


def test_other_files_cannot_be_read(snapshot: Snapshot, tmp_path: Path) -> None:
    csv = write(tmp_path / "other.csv", ["a,b\n1,2\n"])
    for query in (
        f"SELECT * FROM '{csv}'",
        f"SELECT * FROM read_csv('{csv}')",
        f"SELECT * FROM read_text('{csv}')",
        f"SELECT * FROM read_blob('{snapshot.vault / 'key'}')",
        f"SELECT * FROM read_text('{snapshot.vault / 'vault.json'}')",
        f"SELECT * FROM read_text('{snapshot.vault / 'archive' / '..' / 'key'}')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "SELECT getenv('HOME')",
    ):
        with pytest.raises((UsageError, VaultError)):
            snapshot.sql(query)


def test_nothing_can_be_written(snapshot: Snapshot, tmp_path: Path) -> None:
    live = snapshot.live(DECISIONS).paths()[0]
    before = listing(tmp_path)
    for query in (
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        f"COPY (SELECT 1) TO '{live}' (FORMAT parquet, USE_TMP_FILE false)",
        f"EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '{live}' (FORMAT parquet, USE_TMP_FILE false)",
        f"EXPORT DATABASE '{tmp_path / 'export'}'",
        f"ATTACH '{tmp_path / 'db.duckdb'}'",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW decisions",
        "DELETE FROM executions",
        "INSERT INTO executions SELECT * FROM executions",
        "SET enable_external_access = true",
        "RESET allowed_paths",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA enable_profiling",
        "SELECT 1; DROP VIEW decisions",
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
    ):
        with pytest.raises(UsageError) as caught:
            snapshot.sql(query)
        assert caught.value.exit_code == 2
    assert listing(tmp_path) == before
    assert snapshot.sql("SELECT count(*) AS n FROM decisions")["n"][0].as_py() > 0


def test_variables_of_the_program_are_no_tables(snapshot: Snapshot) -> None:
    rows = pl.DataFrame({"a": [1]})
    assert rows.height == 1
    with pytest.raises(UsageError, match="rows"):
        snapshot.sql("SELECT * FROM rows")


def test_a_view_is_there_however_a_query_names_it(snapshot: Snapshot) -> None:
    plainly = snapshot.sql("SELECT count(*) AS n FROM paths")
    for query in (
        "SELECT count(*) AS n FROM query_table('paths')",
        "SELECT count(*) AS n FROM query('SELECT * FROM ' || 'paths')",
        'SELECT count(*) AS n FROM main."Paths"',
        "SELECT count(*) AS n FROM (SELECT 1) AS one, paths",
        "FROM/* the */paths SELECT count(*) AS n",
    ):
        again = VaultRoot(snapshot.vault).snapshot()
        assert again.sql(query).equals(plainly)
    assert VaultRoot(snapshot.vault).snapshot().sql("SELECT 1 FROM duckdb_views() WHERE view_name = 'paths'").num_rows


def test_parameters_are_values_only(snapshot: Snapshot) -> None:
    hostile = "x' OR '1'='1"
    assert snapshot.sql("SELECT * FROM executions WHERE agent_id = ?", [hostile]).num_rows == 0
    agent = snapshot.sql("SELECT agent_id FROM executions LIMIT 1")["agent_id"][0].as_py()
    assert snapshot.sql("SELECT * FROM executions WHERE agent_id = ?", [agent]).num_rows > 0


def test_mistakes_in_a_query_are_the_askers(snapshot: Snapshot) -> None:
    for query in (
        "SELEC 1", "SELECT nothing FROM executions", "SELECT * FROM nowhere", "SELECT 'a'::INT", "SELECT ?",
        "SELECT error('x')", "SELECT 1 // 'b'",
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            snapshot.sql(query)
        assert "\n" not in caught.value.message
        assert "soma vault info" in caught.value.hint


def test_a_damaged_file_is_the_vaults(snapshot: Snapshot) -> None:
    path = Path(snapshot.live(DECISIONS).paths()[0])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(VaultError, match="cannot be read"):
        VaultRoot(snapshot.vault).snapshot().sql("SELECT count(DISTINCT output) FROM decisions")
    path.unlink()
    with pytest.raises(VaultError, match="cannot be read"):
        VaultRoot(snapshot.vault).snapshot().sql("SELECT count(DISTINCT output) FROM decisions")


def test_times_are_utc_whatever_the_machine_thinks(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    fresh = VaultRoot(snapshot.vault).snapshot()
    assert str(fresh.sql("SELECT started_at FROM decisions").schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    query = "SELECT decision_id, strftime(started_at, '%H:%M') AS at FROM decisions ORDER BY 1"
    assert fresh.sql(query).equals(snapshot.sql(query))


class TestFramesAndQueriesAgree:
    @pytest.mark.parametrize("name", ["executions", "decisions"])
    def test_on_every_row_and_column(self, snapshot: Snapshot, name: str) -> None:
        key = "execution_id" if name == "executions" else "decision_id"
        table = pl.DataFrame(snapshot.sql(f"SELECT * FROM {name} ORDER BY {key}"))
        frame = getattr(snapshot, name).collect().sort(key)
        assert frame.height > 0
        assert frame.columns == table.columns
        assert frame.to_dicts() == table.to_dicts()

    def test_in_an_empty_vault(self, tmp_path: Path) -> None:
        VaultRoot(tmp_path / "vault").create()
        snapshot = VaultRoot(tmp_path / "vault").snapshot()
        assert snapshot.version == 0
        for name in ("executions", "decisions"):
            table = snapshot.sql(f"SELECT * FROM {name}")
            frame = getattr(snapshot, name).collect()
            assert (table.num_rows, frame.height) == (0, 0)
            assert frame.columns == table.column_names

    def test_in_a_vault_without_decisions(self, tmp_path: Path, fixtures: Path) -> None:
        path = tmp_path / "t" / "s.jsonl"
        write(path, [*session("s1", 0), '{"type":"assistant","sessionId":"s1","uuid":"x","parentUuid":"s1-u",'
              '"timestamp":"2026-03-02T10:00:01.000Z","message":{"role":"assistant","id":"m","content":'
              '[{"type":"text","text":"done"}]}}\n'])  # fmt: skip
        harvest_into(tmp_path / "vault", path)
        snapshot = VaultRoot(tmp_path / "vault").snapshot()
        assert snapshot.executions.collect().height == 1
        assert snapshot.decisions.collect().height == snapshot.sql("SELECT * FROM decisions").num_rows == 0

    def test_labels_from_outside_are_in_both(self, snapshot: Snapshot, tmp_path: Path) -> None:
        from soma.harvester.labels import import_labels, read_labels

        execution = snapshot.sql("SELECT execution_id FROM executions ORDER BY 1")["execution_id"][0].as_py()
        labels = write(tmp_path / "labels.csv", [f'execution_id,success\n"{execution}",true\n'])
        import_labels(VaultRoot(snapshot.vault), read_labels(str(labels)))
        fresh = VaultRoot(snapshot.vault).snapshot()
        row = fresh.executions.filter(pl.col("execution_id") == execution).collect().to_dicts()[0]
        assert (row["success"], row["success_from"]) == (True, "labels")

    def test_replaced_readings_are_in_neither(self, tmp_path: Path) -> None:
        path = write(tmp_path / "t" / "s1.jsonl", session("s1", 2))
        harvest_into(tmp_path / "vault", path)
        append(path, session("s1", 5)[5:])
        harvest_into(tmp_path / "vault", path)
        snapshot = VaultRoot(tmp_path / "vault").snapshot()
        assert snapshot.sql("SELECT * FROM decisions_stored").num_rows == 7
        assert snapshot.decisions.collect().height == snapshot.sql("SELECT * FROM decisions").num_rows == 5


def test_totals_of_sub_agents_add_up(snapshot: Snapshot) -> None:
    rows = snapshot.sql(
        "SELECT t.decisions, t.sub_executions, e.decisions AS own, "
        "(SELECT coalesce(sum(decisions), 0) FROM executions WHERE parent_execution_id = e.execution_id) AS below "
        "FROM execution_totals AS t JOIN executions AS e USING (execution_id)"
    ).to_pylist()
    assert len(rows) == snapshot.executions.collect().height
    assert any(row["sub_executions"] > 0 for row in rows)
    for row in rows:
        assert row["decisions"] >= row["own"] + row["below"]
        if row["sub_executions"] == 0:
            assert row["decisions"] == row["own"]
