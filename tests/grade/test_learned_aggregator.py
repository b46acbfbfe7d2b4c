"""The learned aggregator: finds what is planted on other tasks, finds nothing in chance, and is the same everywhere."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from soma import codec
from soma.api import Vault
from soma.schema import CALIBRATIONS
from soma.synthesizer.jobs.calibrate import fit
from soma.synthesizer.jobs.calibrate.compute import calibration_of
from soma.synthesizer.jobs.calibrate.design import log_odds
from soma.synthesizer.jobs.calibrate.explain import render
from soma.synthesizer.jobs.calibrate.fit import held_out
from soma.synthesizer.jobs.calibrate.folds import FOLDS, folds
from soma.synthesizer.jobs.calibrate.hashing import hashed
from soma.synthesizer.jobs.calibrate.model import Calibration
from soma.vault import VaultRoot
from tests.conftest import ROOT
from tests.jobs.whole import HOSTILE, harmless, said, shown

from .worlds import PATTERNS, World


@pytest.fixture(autouse=True)
def _few_strengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two penalties and inner folds: what is tested does not depend on how finely they are tried."""
    monkeypatch.setattr(fit, "STRENGTHS", (100.0, 10.0))
    monkeypatch.setattr(fit, "INNER", 2)


def learned(world: World, after: int = 3) -> Calibration:
    return calibration_of({after: world.rows()[after]}, world.traces, PATTERNS)


def test_a_planted_pattern_is_learned_and_used() -> None:
    found = learned(World("planted", executions=120, effect=0.4))
    (cell,) = found.cells
    assert cell.used
    assert cell.learned.value > 0.65
    for over in (cell.over_blend, cell.over_agent, cell.over_errors):
        assert over.interval is not None
        assert over.interval.low > 0
    (model,) = found.models
    by_name = dict(zip(model.patterns, model.dense[-len(PATTERNS) :], strict=True))
    assert max(by_name, key=lambda name: by_name[name]) == "alarm"


def test_a_word_in_the_arguments_is_learned_from_texts_alone() -> None:
    found = learned(World("word", executions=120, word=True))
    assert found.models[0].text
    assert found.cells[0].learned.value > 0.75


def test_with_ends_dealt_at_random_nothing_is_learned() -> None:
    """Every choice is made without the held-out tasks, so chance gives 0.5, neither more nor less."""
    world = World("permuted", executions=80, effect=0.4, agents=2, skill=0.4)
    rows, values = world.rows()[3], []
    for seed in range(6):
        ends = [trace.failed for trace in world.traces]
        random.Random(f"permutation {seed}").shuffle(ends)
        of = {trace.execution_id: failed for trace, failed in zip(world.traces, ends, strict=True)}
        dealt = [msgspec.structs.replace(row, failed=of[row.execution_id]) for row in rows]
        traces = [msgspec.structs.replace(trace, failed=of[trace.execution_id]) for trace in world.traces]
        values.append(calibration_of({3: dealt}, traces, PATTERNS).cells[0].learned.value)
    # One area varies by about 0.08 at this size, the mean of six by 0.03.
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.08)


def test_no_task_is_fitted_and_judged_and_its_end_changes_nothing_about_its_score() -> None:
    world = World("peeking", executions=90, repeats=3, effect=0.3)
    rows = world.rows()[3]
    before, fold = held_out(rows)
    of_task: dict[str, int] = {}
    for row, number in zip(rows, fold, strict=True):
        assert of_task.setdefault(row.task, number) == number
    assert set(fold) == set(range(FOLDS))
    turned = [
        msgspec.structs.replace(row, failed=not row.failed) if number == 0 else row
        for row, number in zip(rows, fold, strict=True)
    ]
    after, _ = held_out(turned)
    for one, other, number in zip(before, after, fold, strict=True):
        assert one == other or number != 0
    assert before != after


def test_folds_depend_on_nothing_but_the_names_of_tasks() -> None:
    rows = World("folds", executions=60, repeats=2).rows()[3]
    there = dict(zip([row.task for row in rows], folds(rows, 5, "outer"), strict=True))
    mixed = random.Random("order").sample(rows, len(rows))
    assert dict(zip([row.task for row in mixed], folds(mixed, 5, "outer"), strict=True)) == there
    sizes = [list(there.values()).count(number) for number in range(5)]
    assert max(sizes) - min(sizes) <= 1


def test_a_row_knows_the_first_decisions_only() -> None:
    world = World("prefix", executions=40)
    before = world.rows()
    for name, steps in world.decisions.items():
        told = [msgspec.structs.replace(step, outcome="failed", output="reward 0") for step in steps[3:]]
        world.decisions[name] = [*steps[:3], *told]
    world.traces = [
        msgspec.structs.replace(one, failed=not one.failed, steps=[*one.steps[:3], *one.steps[:1] * (one.running - 3)])
        for one in world.traces
    ]
    after = world.rows()
    for one, other in zip(before[3], after[3], strict=True):
        assert (one.dense, one.text, one.blend) == (other.dense, other.text, other.blend)


def test_the_stored_model_gives_what_was_fitted() -> None:
    world = World("stored", executions=100, effect=0.4, agents=2, skill=0.3)
    rows = world.rows()[3]
    model = msgspec.json.decode(codec.encode(fit.fitted(rows, 3, PATTERNS)), type=type(fit.fitted(rows, 3, PATTERNS)))
    failed = [log_odds(model, row) for row in rows if row.failed]
    succeeded = [log_odds(model, row) for row in rows if not row.failed]
    assert sum(failed) / len(failed) > sum(succeeded) / len(succeeded) + 0.3
    stranger = msgspec.structs.replace(rows[0], agent_id="nobody", framework="nothing")
    assert log_odds(model, stranger) == pytest.approx(log_odds(model, rows[0]), abs=2.0)


def test_too_few_of_one_end_are_told_and_nothing_is_fitted() -> None:
    world = World("few", executions=14)
    found = learned(world)
    assert (found.models, found.cells) == ((), ())
    assert "a model takes 10 tasks of each" in found.notes[0]
    assert "Too little is known to learn from" in said(shown(render(found), 110))


def test_the_page_is_harmless() -> None:
    found = learned(World("hostile", executions=50, effect=0.4, framework=HOSTILE))
    assert found.cells
    assert harmless(shown(render(found), 110))


def test_hashing_keeps_no_word_and_is_bounded() -> None:
    row = hashed([("said", "a b " * 100_000), ("output", "\x00\udc80 ünïcode 12345")])
    assert sum(value * value for value in row) == pytest.approx(1.0)
    assert hashed([]) == [0.0] * len(row)
    assert hashed([("said", "order 12")]) == hashed([("said", "order 7")]), "a number is a number"


SAME = """
from tests.grade.worlds import PATTERNS, World
from soma import codec
from soma.synthesizer.jobs.calibrate import fit
fit.STRENGTHS, fit.INNER = (30.0,), 2
from soma.synthesizer.jobs.calibrate.compute import calibration_of
world = World("same", executions=60, effect=0.4, agents=2)
print(codec.encode(calibration_of({3: world.rows()[3]}, world.traces, PATTERNS)))
"""


def test_the_model_is_the_same_whatever_the_hash_seed_and_the_threads() -> None:
    said_by = {
        subprocess.run(
            [sys.executable, "-c", SAME], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    }  # fmt: skip
    assert len(said_by) == 1
    assert len(next(iter(said_by))) > 1000


@pytest.mark.corpus
def test_on_real_customer_service_it_beats_both_baselines_after_three_decisions(corpus: Path, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    vault.harvest([corpus / "tau-bench"], jobs=1)
    found = vault.calibrate()
    first = next(cell for cell in found.cells if cell.after == 3)
    for over in (first.over_agent, first.over_errors, first.over_blend):
        assert over.value > 0.05
        assert over.interval is not None
        assert over.interval.low > 0
    assert first.used
    # The same data again: nothing is fitted, nothing is written, the same bytes.
    root = VaultRoot(tmp_path / "vault")
    files = root.snapshot().live(CALIBRATIONS).files()
    again = vault.calibrate()
    assert again.kept
    assert root.snapshot().live(CALIBRATIONS).files() == files
    assert codec.encode((again.models, again.cells, again.data)) == codec.encode(
        (found.models, found.cells, found.data)
    )
    # Failed executions are given more risk than the others, of those that were fitted.
    ends = vault.sql(
        "SELECT execution_id, success FROM executions WHERE decisions > 3 ORDER BY execution_id"
    ).to_pylist()
    chances: dict[bool, list[float]] = {True: [], False: []}
    for row in ends[:16]:
        risk = vault.risk(row["execution_id"])
        assert risk is not None
        assert risk.after == 3
        chances[row["success"]].append(risk.chance)
    assert sum(chances[False]) / len(chances[False]) > sum(chances[True]) / len(chances[True])
    assert "Learned aggregator, tau-bench after 3" in said(shown_grades(vault))


def shown_grades(vault: Vault) -> str:
    from soma.synthesizer.jobs.grade.explain import render as page

    return shown(page(vault.grade()), 110)
