"""Runs of every format, exported: the reference reader of ATIF accepts them, and read back they are the same rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from soma import Vault, codec
from soma.identity import qualified
from soma.synthesizer.export.atif import export_atif

from .harbor_schema import SCHEMA
from .test_atif_export import SAME, SAME_RUN, check_shape

FORMATS = (
    "agentflow", "atif", "claude-code", "codex", "gemini-cli", "generic", "inspect", "langchain", "langfuse",
    "openai-agents", "openclaw", "openclaw-events", "otel", "swe-agent",
)  # fmt: skip
Exported = dict[str, dict[str, dict[str, Any]]]
_MANY = 15


class Round:
    """A vault, the trajectories of its runs by adapter, and the vault that was harvested from those."""

    def __init__(self, sources: Path, folder: Path) -> None:
        self.before = Vault(folder / "before")
        self.before.harvest([sources], jobs=1)
        snapshot = self.before.snapshot()
        runs = snapshot.sql(
            "SELECT adapter, execution_id FROM executions "
            "QUALIFY row_number() OVER (PARTITION BY adapter ORDER BY execution_id) <= ? ORDER BY ALL", [_MANY]
        ).to_pylist()  # fmt: skip
        self.exported: Exported = {}
        (folder / "written").mkdir()
        for number, run in enumerate(runs):
            trajectory = export_atif(snapshot, run["execution_id"])
            self.exported.setdefault(run["adapter"], {})[run["execution_id"]] = trajectory
            (folder / "written" / f"{number}.json").write_text(codec.pretty(trajectory))
        self.after = Vault(folder / "after")
        self.after.harvest([folder / "written"], jobs=1)

        self.rows = {vault: _rows(vault) for vault in (self.before, self.after)}


def _rows(vault: Vault) -> dict[str, list[dict[str, Any]]]:
    """Every execution and its decisions; what ATIF cannot hold at all is left out."""
    snapshot = vault.snapshot()
    found: dict[str, list[dict[str, Any]]] = {}
    for query in (
        f"SELECT execution_id, {', '.join(SAME_RUN)} FROM executions ORDER BY execution_id",
        f"SELECT execution_id, {', '.join(SAME)} FROM decisions ORDER BY execution_id, step",
    ):
        for row in snapshot.sql(query).to_pylist():
            found.setdefault(row.pop("execution_id"), []).append(row)
    return found


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Round:
    return Round(fixtures, tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Round:
    return Round(corpus, tmp_path_factory.mktemp("real"))


def trajectories(found: Round) -> Iterator[dict[str, Any]]:
    return (trajectory for runs in found.exported.values() for trajectory in runs.values())


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


def check(found: Round) -> int:
    checking = validator()
    count = 0
    for trajectory in trajectories(found):
        assert [error.message for error in checking.iter_errors(trajectory)] == []
        check_shape(trajectory)
        for step in trajectory["steps"]:
            if "timestamp" in step:
                assert dt.datetime.fromisoformat(step["timestamp"].replace("Z", "+00:00")).tzinfo is not None
        count += 1
    return count


def differences(found: Round, adapter: str) -> list[tuple[str, str, Any, Any]]:
    """Execution, column, what the vault held and what came back, wherever the two are not the same."""
    told: list[tuple[str, str, Any, Any]] = []
    for execution_id in found.exported[adapter]:
        before = found.rows[found.before][execution_id]
        after = found.rows[found.after][qualified("at", execution_id)]
        if len(before) != len(after):
            told.append((execution_id, "rows", len(before), len(after)))
        for row, again in zip(before, after, strict=False):
            told += [(execution_id, name, row[name], again[name]) for name in row if row[name] != again[name]]
    return told


def test_the_schema_refuses_what_is_no_trajectory(shipped: Round) -> None:
    """So that accepting everything below means something."""
    checking = validator()
    good = shipped.exported["openclaw"]
    trajectory = next(item for item in good.values() if any(step["source"] == "agent" for step in item["steps"]))
    assert checking.is_valid(trajectory)
    place = next(number for number, step in enumerate(trajectory["steps"]) if step["source"] == "agent")
    changes: list[dict[str, Any]] = [
        {"steps": []},
        {"schema_version": "ATIF-v9"},
        {"agent": {"name": "a"}},
        {"invented": 1},
        {"final_metrics": {"total_steps": -1}},
        {"steps": [{**trajectory["steps"][place], "step_id": 0}]},
        {"steps": [{**trajectory["steps"][place], "outcome": "ok"}]},
        {"steps": [{**trajectory["steps"][place], "tool_calls": [{"tool_call_id": "a", "function_name": "b"}]}]},
        {"steps": [{**trajectory["steps"][place], "metrics": {"prompt_tokens": "many"}}]},
    ]
    for change in changes:
        assert not checking.is_valid(trajectory | change), change


def test_shipped_runs_of_every_format_are_accepted(shipped: Round) -> None:
    assert set(FORMATS) <= set(shipped.exported)
    assert check(shipped) > 100


@pytest.mark.parametrize("adapter", FORMATS)
def test_shipped_runs_come_back_as_equal_rows(shipped: Round, adapter: str) -> None:
    assert differences(shipped, adapter) == []


@pytest.mark.corpus
def test_real_runs_of_every_format_are_accepted_and_come_back(real: Round) -> None:
    assert {*FORMATS, "trail"} <= set(real.exported)
    assert check(real) > 150
    for adapter in real.exported:
        assert differences(real, adapter) == []


@pytest.mark.oracle
def test_harbor_itself_reads_them(shipped: Round) -> None:
    """Needs the dependency group ``oracle``; ``harbor_schema.py`` says how to install it on an older Python."""
    reader = pytest.importorskip("harbor.utils.trajectory_validator")
    for trajectory in trajectories(shipped):
        checking = reader.TrajectoryValidator()
        assert checking.validate(trajectory), checking.get_errors()


@pytest.mark.oracle
@pytest.mark.corpus
def test_harbor_itself_reads_real_ones(real: Round) -> None:
    reader = pytest.importorskip("harbor.utils.trajectory_validator")
    for trajectory in trajectories(real):
        checking = reader.TrajectoryValidator()
        assert checking.validate(trajectory), checking.get_errors()


@pytest.mark.oracle
def test_the_kept_schema_is_that_of_harbor() -> None:
    pytest.importorskip("harbor.models.trajectories")
    from .harbor_schema import schema

    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(schema()))
