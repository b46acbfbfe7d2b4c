"""Every pattern has a real execution that fires it and one, near to it, that rightly does not: by id.

What was judged by eye is told in docs/patterns.md; ``python benchmarks/patterns.py show PATTERN`` shows the firings.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from soma import Vault
from soma.config import BudgetSettings, PatternSettings
from soma.pressure import Configuration, Engine
from soma.pressure.patterns import PATTERNS, Rulebook, patterns_of
from soma.pressure.replay.vault import each_execution, of_execution
from soma.pressure.replay.watch import watch
from soma.vault import Snapshot

Fired = dict[str, list[int]]


class Case(NamedTuple):
    """Where a pattern fires, at which step; where it does not, and why that is near and right."""

    pattern: str
    fires: str
    step: int
    silent: str
    why: str


CASES = (
    Case("cost_spiral", "otel:b4f13f317583e7ad2ed96a499e7b8f60", 7, "oc:aa302a72-1a81-4e7b-9154-fb396f29f7b9",
         "six of eight fail, but tokens per action creep up by a tenth"),
    Case("bash_retry", "gm:981c87cb-90ef-4c7f-948d-23173ff43e4e", 8, "cx:0199812e-64f0-7f73-91fc-095dda01c36e",
         "twelve failures; the two of one program in a row are searches that found nothing"),
    Case("bash_error_streak", "ic:97dc90e244c9e82d82f1e5f3", 8, "ic:35f3652e36e300677cebfea0",
         "find fails on a folder, and ls looks where it went"),
    Case("retry_storm", "otel:2102eea2af6327834c8bd97b1488474c", 2, "oc:a9-inventory",
         "three failures in a row, but of two tools"),
    Case("error_cascade", "oc:a-inventory", 2, "ic:0f4b6ddb4694b51ce573ece7",
         "eleven failures of one tool; the final answer only hands on the last of them"),
    Case("blind_edit", "oc:ffae836b-9420-4060-ac13-7745215f90ff", 227, "cc:cfa1e878-62b5-4e40-b281-bbf9b250d766",
         "every file was read before it was edited"),
    Case("entropy_drop", "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d", 177, "oc:ffae836b-9420-4060-ac13-7745215f90ff",
         "454 actions with long stretches of one kind, each bringing news"),
    Case("same_failure", "oc:s-loop", 1, "oc:d703a1a9-1b7b-4fb1-b512-c9738b1fe617",
         "nineteen failures, none made again unchanged"),
    Case("oscillation", "ic:d9a6fdcda82aade89a39f792", 8, "oc:d703a1a9-1b7b-4fb1-b512-c9738b1fe617",
         "edit, build, edit, build with equal builds: the edits differ"),
    Case("silent_loop", "ic:17d8a766cbe87df694070131", 2, "oc:d703a1a9-1b7b-4fb1-b512-c9738b1fe617",
         "one build command answers the same some forty times, with edits between"),
    Case("false_success", "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d", 182, "ic:b0bd833ff9d68993d2ed42a4",
         "hands in after diff found that files differ, which is an answer and no failure"),
    Case("stuck_test", "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d", 15, "cc:d7d349f9-c243-46e2-9a32-4a0eddfc634b",
         "a build fails, much is edited, it fails once more: two runs, another error"),
    # No rightly fired execution is known: this agent was still at its task. docs/patterns.md says so.
    Case("drift", "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d", 24, "oc:ffae836b-9420-4060-ac13-7745215f90ff",
         "51 requests of the user: not the agent left the first one"),
)  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A vault of all real traces."""
    vault = Vault(tmp_path_factory.mktemp("patterns") / "vault")
    vault.harvest([str(corpus)])
    return vault.snapshot()


@pytest.fixture(scope="module")
def firings(snapshot: Snapshot) -> dict[str, Fired]:
    """Execution to pattern to the steps at which it fires, each execution by itself."""
    return everything(snapshot)


def everything(snapshot: Snapshot) -> dict[str, Fired]:
    found: dict[str, Fired] = {}
    for row, events in each_execution(snapshot):
        own = found.setdefault(row["execution_id"], {})
        for step, (_, _, watched) in enumerate(watch(events, Engine(), Rulebook(PATTERNS))):
            for finding in watched.fired:
                own.setdefault(finding.pattern, []).append(step)
    return found


@pytest.mark.corpus
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.pattern)
def test_it_fires_there_and_rightly_not_there(case: Case, firings: dict[str, Fired]) -> None:
    assert case.step in firings[case.fires][case.pattern]
    assert case.pattern not in firings[case.silent], case.why


def run(snapshot: Snapshot, execution: str, configuration: Configuration, settings: PatternSettings) -> list[str]:
    recording = of_execution(snapshot, execution, configuration)
    rulebook = Rulebook(patterns_of(settings))
    told = watch(recording.events(), recording.engine(), rulebook)
    return [finding.pattern for _, _, watched in told for finding in watched.fired]


@pytest.mark.corpus
def test_budget_with_limits_of_ours(snapshot: Snapshot) -> None:
    # No trace carries limits: the real spending of an execution is held against two of ours.
    spent = "otel:b4f13f317583e7ad2ed96a499e7b8f60"
    tight, wide = (Configuration(budget=BudgetSettings(tokens=limit)) for limit in (160_000, 400_000))
    assert "budget" in run(snapshot, spent, tight, PatternSettings())
    assert "budget" not in run(snapshot, spent, wide, PatternSettings())


@pytest.mark.corpus
def test_context_with_a_window_of_ours(snapshot: Snapshot, firings: dict[str, Fired]) -> None:
    # No execution fills its model's window: the fullest is held against a smaller one.
    fullest = "otel:e7bdf7bbf6b931c3be95afe323704041"
    assert "context" in run(snapshot, fullest, Configuration(), PatternSettings(context_window=24_000))
    assert "context" not in run(snapshot, fullest, Configuration(), PatternSettings())
    assert not any("context" in fired for fired in firings.values())


@pytest.mark.corpus
def test_one_storm_does_not_make_everybody_talk(snapshot: Snapshot) -> None:
    matching = speaking = several = 0
    for _, events in each_execution(snapshot):
        for _, _, watched in watch(events, Engine(), Rulebook(PATTERNS)):
            matching += len(watched.matching) > 1
            speaking += bool(watched.fired)
            several += len(watched.fired) > 1
    # Several patterns hold at many an action; where one says it all the others are silent.
    assert matching > 500
    assert several <= 0.01 * speaking


@pytest.mark.corpus
def test_executions_that_succeed_are_told_little(snapshot: Snapshot, firings: dict[str, Fired]) -> None:
    success = {row["execution_id"]: row["success"] for row, _ in each_execution(snapshot)}
    told = {
        value: [bool(firings[name]) for name, known in success.items() if known is value] for value in (True, False)
    }
    succeeded, failed = (sum(some) / len(some) for some in (told[True], told[False]))
    assert len(told[True]) >= 300 and len(told[False]) >= 500
    assert succeeded <= 0.06 and failed >= 5 * succeeded


SHIPPED = (
    ("same_failure", "oc:s-loop", 1), ("same_failure", "oc:s-unknown", 7), ("error_cascade", "oc:a-inventory", 2),
    ("silent_loop", "ic:17d8a766cbe87df694070131", 2), ("oscillation", "ic:d9a6fdcda82aade89a39f792", 8),
    ("retry_storm", "ic:018c78c0c3baf026a43d9f54", 2), ("bash_error_streak", "ic:018c78c0c3baf026a43d9f54", 1),
    ("bash_retry", "ic:4cfb712b6e0daf4ba623e429", 1),
)  # fmt: skip


def test_traces_that_ship_with_soma_fire_them_too(harvested: Path) -> None:
    found = everything(Vault(harvested).snapshot())
    for pattern, execution, step in SHIPPED:
        assert step in found[execution].get(pattern, ()), (pattern, execution)
    # Delegation that goes well, and a session with one failure in it.
    assert not found["cc:0a725fb5-6378-432a-9e84-9f3f49d4043d"]
