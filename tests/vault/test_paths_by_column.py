"""Paths that are made column by column are those of the view that says what a path is."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.schema import PATHS
from soma.vault import Snapshot, VaultRoot
from soma.vault.paths import missing_paths
from tests.harvest.vaults import harvest_into
from tests.jobs.lake import Lake, chain, execution

VIEW = "SELECT * FROM paths_missing ORDER BY execution_id NULLS LAST"
FORMATS = ("agentflow", "claude-code", "openclaw", "langchain", "soma-guard")


class Local(Lake):
    """A lake that no engine answers for."""

    engine = None


def by_view(asked: Any) -> pa.Table:
    return asked.sql(VIEW).cast(PATHS.arrow())


def test_of_real_traces(fixtures: Path, tmp_path: Path) -> None:
    harvest_into(tmp_path / "vault", *(fixtures / name for name in FORMATS))
    snapshot = VaultRoot(tmp_path / "vault").snapshot()
    made = missing_paths(snapshot)
    assert made.equals(by_view(snapshot))
    assert made.num_rows > 20
    assert any(many > 1 for decisions in made["decisions"].to_pylist() for many in decisions)


DECISION = st.tuples(
    st.sampled_from(["a", "a_1", "a-22", "b", "b_", "c:d"]),
    st.sampled_from(["tool_choice", "tool_choice", "failure", "guard", "retry"]),
    st.sampled_from(["ok", "failed", "timeout", "unknown"]),
    st.sampled_from([None, 0.0, 1.5]),
    st.integers(0, 3),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(DECISION, max_size=7), max_size=4), st.integers(0, 3))
def test_whatever_they_are_and_however_they_lie(runs: list[list[tuple[Any, ...]]], seed: int) -> None:
    executions = [execution(f"run-{place}") for place in range(len(runs))]
    # Several decisions of one step are in the order of their ids.
    decisions = [
        msgspec.structs.replace(decision, kind=kind, outcome=outcome, duration_ms=took, step=step)
        for place, own in enumerate(runs)
        for decision, (_, kind, outcome, took, step) in zip(
            chain(f"run-{place}", [each[0] for each in own]), own, strict=True
        )
    ]
    random.Random(seed).shuffle(decisions)
    lake = Local(executions, decisions)
    assert missing_paths(cast("Snapshot", lake)).equals(by_view(lake))


def test_rows_that_no_harvest_writes_are_left_to_the_view() -> None:
    first, second = chain("run", ["a", "b"])
    nameless: Any = None
    lake = Local([execution("run")], [first, msgspec.structs.replace(second, action=nameless)])
    assert missing_paths(cast("Snapshot", lake)).equals(by_view(lake))
