"""Every query of the jobs gives equal rows, in the same order and types, on DuckDB and on a Spark Connect endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from soma.config import TeamRule
from soma.engine import queries as running
from soma.engine.session import EngineSession, open_session
from soma.errors import UsageError
from soma.pressure.engine import Configuration
from soma.pressure.patterns import PATTERNS
from soma.pressure.replay.keep import keep
from soma.vault import VaultRoot
from soma.vault.derived import add_missing_paths
from soma.vault.writer import Changes
from tests.harvest.vaults import harvest_into

from .asking import ask_all
from .comparing import Comparing, order_leaves_no_ties
from .seeds import add_seeds

pytest.importorskip("sqlglot", reason="pip install 'soma-harvest[spark]'")

FORMATS = ("inspect", "agentflow", "claude-code", "openclaw", "swe-agent", "soma-guard")
LONGEST = "SELECT agent_id, execution_id FROM executions ORDER BY decisions DESC, execution_id LIMIT 1"
SILENT = {
    "pressure/replay/gone", "pressure/replay/family", "synthesizer/jobs/briefing/ends",
    "synthesizer/jobs/secrets/ledger", "synthesizer/jobs/secrets/marks", "view quarantine",
}  # fmt: skip
"""What these traces have no rows for: nothing of them is gone, secret or torn."""
TEAMS = (TeamRule(agents=["a*", "c*"], team="letters"), TeamRule(agents=["*"], team="rest"))


@pytest.fixture(scope="module")
def session(sail: str) -> Iterator[EngineSession]:
    with open_session(sail) as opened:
        yield opened


@pytest.fixture(scope="module")
def worked(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of real traces with what the nightly run keeps; some sources came later, so that paths are missing."""
    root = VaultRoot(tmp_path_factory.mktemp("worked") / "vault")
    harvest_into(root.path, *(fixtures / name for name in FORMATS[1:]))
    keep(root, Configuration(), patterns=PATTERNS)
    changes = Changes()
    with root.writer() as writer:
        add_missing_paths(root.snapshot(), changes)
        writer.commit(changes, role="synthesizer")
    add_seeds(root, *root.snapshot().sql(LONGEST).to_pylist()[0].values())
    harvest_into(root.path, fixtures / FORMATS[0])
    return root.path


def equal_rows(vault: Path, session: EngineSession) -> dict[str, int]:
    """Ask everything of a vault on DuckDB and on the endpoint; how many rows each query answered."""
    compared = Comparing(running.SparkQueries(session))
    snapshot = VaultRoot(vault, compared).snapshot()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "ordered", order_leaves_no_ties)
        return ask_all(snapshot)


def test_every_query_of_the_jobs_on_sail(worked: Path, session: EngineSession) -> None:
    rows = equal_rows(worked, session)
    assert {name for name, many in rows.items() if not many} <= SILENT, "these have nothing to compare"
    assert sum(rows.values()) > 5000


def test_teams_by_rule_and_of_one_team(worked: Path, session: EngineSession) -> None:
    compared = Comparing(running.SparkQueries(session))
    snapshot = VaultRoot(worked, compared).snapshot(team_rules=TEAMS)
    asked = "SELECT execution_id, team_id FROM executions ORDER BY execution_id NULLS LAST"
    everyone = snapshot.sql(asked)
    of_one = snapshot.of_team("letters")
    assert 0 < of_one.sql(asked).num_rows < everyone.num_rows
    assert of_one.sql("SELECT decision_id FROM decisions ORDER BY decision_id NULLS LAST").num_rows > 0


def test_a_snapshot_stays_what_it_was_when_the_vault_grows(
    fixtures: Path, tmp_path: Path, session: EngineSession
) -> None:
    root = VaultRoot(tmp_path / "vault", running.SparkQueries(session))
    count = "SELECT CAST(count(*) AS BIGINT) AS n FROM executions"
    harvest_into(root.path, fixtures / "generic")
    before = root.snapshot()
    harvest_into(root.path, fixtures / "langchain")
    assert before.sql(count)["n"][0].as_py() < root.snapshot().sql(count)["n"][0].as_py()
    assert before.sql(count).equals(before.local().sql(count))


HOSTILE = ["it's", 'a "b" `c`', "\\", "\\'; DROP VIEW executions; --", "a\x00b", "%_", "$1 :p1 ?", "й𝄞\n"]


def test_hostile_values_are_values(worked: Path, session: EngineSession) -> None:
    snapshot = VaultRoot(worked, Comparing(running.SparkQueries(session))).snapshot()
    for value in HOSTILE:
        snapshot.sql("SELECT CAST(? AS VARCHAR) AS x, CAST(? AS VARCHAR) = ? AS y", [value, value, value])
    listed = "SELECT v.x FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS x) AS v ORDER BY v.x NULLS LAST"
    assert snapshot.sql(listed, [HOSTILE])["x"].to_pylist() == sorted(HOSTILE, key=lambda value: value.encode())


def test_a_vault_in_a_folder_with_an_odd_name(fixtures: Path, tmp_path: Path, session: EngineSession) -> None:
    count = "SELECT CAST(count(*) AS BIGINT) AS n FROM decisions"
    for name, readable in (("with blanks, and 'quotes'", True), ("with [brackets]", False)):
        harvest_into(tmp_path / name, fixtures / "generic")
        snapshot = VaultRoot(tmp_path / name, running.SparkQueries(session)).snapshot()
        if readable:
            assert snapshot.sql(count).equals(snapshot.local().sql(count))
        else:
            with pytest.raises(UsageError, match="cannot read a vault whose path holds"):
                snapshot.sql(count)


def test_parameters_that_do_not_fit_are_refused(worked: Path, session: EngineSession) -> None:
    snapshot = VaultRoot(worked, running.SparkQueries(session)).snapshot()
    listed = "SELECT v.x FROM (SELECT unnest(CAST(? AS BIGINT[])) AS x) AS v ORDER BY v.x NULLS LAST"
    for parameters in ([], [[1], 2], ["a"], [["a"]]):
        with pytest.raises(UsageError):
            snapshot.sql(listed, parameters)
