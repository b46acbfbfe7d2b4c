"""Commands and the API answer the same with an engine as without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from soma.api.vault import Vault
from soma.cli import signatures
from soma.engine.queries import SparkQueries
from soma.engine.session import EngineError
from tests.harvest.vaults import harvest_into

pytest.importorskip("sqlglot", reason="pip install 'soma-harvest[spark]'")


@pytest.fixture(scope="module")
def vault(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("asked") / "vault"
    harvest_into(place, fixtures / "agentflow")
    return place


def test_a_command_prints_the_same(vault: Path, sail: str) -> None:
    asked = ["--vault", str(vault), "--json"]
    here = CliRunner().invoke(signatures.command, asked)
    there = CliRunner().invoke(signatures.command, [*asked, "--engine", sail])
    assert (here.exit_code, there.exit_code) == (0, 0), there.output
    assert here.output == there.output


def test_the_api_answers_the_same(vault: Path, sail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    sql = SparkQueries.sql

    def noted(self: SparkQueries, *given: Any) -> Any:
        asked.append(given)
        return sql(self, *given)

    monkeypatch.setattr(SparkQueries, "sql", noted)
    with Vault(vault, engine=sail) as there:
        assert there.variants() == Vault(vault).variants()
        assert asked
        asked.clear()
        # What a person writes may use all of DuckDB's SQL.
        assert there.sql("FROM executions SELECT mode(agent_id)").num_rows == 1
        assert not asked


def test_an_engine_that_is_not_there_is_told(vault: Path) -> None:
    with pytest.raises(EngineError, match="no Spark Connect server answers"):
        Vault(vault, engine="sc://127.0.0.1:1").signatures()
