"""The human-labelled sets: how labels reach rows of a vault; the shipped weights are those the command makes."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.synthesizer.jobs.localize.weights import shipped
from tests.conftest import ROOT

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def benchmark_module() -> Any:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("localisation")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def found(benchmark_module: Any, corpus: Path) -> dict[str, list[Any]]:
    cases: dict[str, list[Any]] = benchmark_module.cases(corpus)
    return cases


def test_every_label_is_joined_to_its_run_and_what_no_row_holds_counts_as_missed(found: dict[str, list[Any]]) -> None:
    on = {name: Counter(case.on for case in pool) for name, pool in found.items()}
    assert on == {
        "whowhen-algorithm": {"decision": 61, "terminal": 2},
        "agentrx-tau": {"decision": 13, "words": 7, "user": 9},
        "trail-swe": {"decision": 11},
    }
    for case in found["whowhen-algorithm"]:
        spoke = dict(zip(case.places, case.speakers, strict=True))
        # The label's agent is the one who spoke at the label's step; in three chats the labels contradict themselves.
        assert case.name in {"0014", "0015", "0059"} or {spoke[place] for place in case.blamed} == {case.blamed_agent}


def test_no_label_or_answer_reaches_a_row(found: dict[str, list[Any]], corpus: Path) -> None:
    for case in found["whowhen-algorithm"]:
        raw = json.loads((corpus / "attribution" / "whowhen-algorithm" / f"{int(case.name)}.json").read_text())
        rows = repr(case.run) + repr(case.steps)
        assert raw["mistake_reason"] not in rows and "mistake_step" not in rows


def test_the_weights_that_ship_are_those_the_command_makes(benchmark_module: Any, found: dict[str, list[Any]]) -> None:
    again = json.loads(benchmark_module.weights_text(found, benchmark_module.FREE))
    assert again["sets"] == shipped().sets and again["strength"] == shipped().strength
    # Libraries of linear algebra differ in the last digits.
    assert again["weights"] == pytest.approx(shipped().weights, abs=2e-4)


def test_runs_of_one_task_are_never_on_both_sides(benchmark_module: Any, found: dict[str, list[Any]]) -> None:
    for pool in found.values():
        sides: dict[str, set[int]] = {}
        for case, fold in zip(pool, benchmark_module.folds(pool, 5), strict=True):
            sides.setdefault(benchmark_module.task_of(case), set()).add(fold)
        assert all(len(folds) == 1 for folds in sides.values())
