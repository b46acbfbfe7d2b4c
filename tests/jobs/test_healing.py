"""What helps after a failure: planted effects are found within agents and tasks, confounded ones are not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from soma.errors import UsageError
from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import healing
from soma.synthesizer.jobs.healing.explain import render
from soma.synthesizer.jobs.healing.model import Transition

from .lake import Lake, chain, execution
from .whole import HOSTILE, said, shown


def run(name: str, next_role: str, later: list[str], agent: str = "a", **more: Any) -> list[NormalizedDecision]:
    """A failed shell action, the next one, and the outcomes that follow."""
    roles = ["shell", next_role, *(["shell"] * len(later))]
    outcomes = ["failed", "ok", *later]
    return chain(name, [f"x{role}" for role in roles], agent, role=roles, outcome=outcomes, **more)


def lake_of(cases: list[tuple[str, str, float, int]], kept: dict[str, Any] | None = None) -> Lake:
    """Runs by agent, next role, chance that what follows goes well, and how many."""
    chance = random.Random(7)
    executions: list[Execution] = []
    decisions: list[NormalizedDecision] = []
    for agent, role, rate, many in cases:
        for _ in range(many):
            name = f"e{len(executions)}"
            executions.append(execution(name, agent))
            decisions += run(name, role, ["ok" if chance.random() < rate else "failed", "ok"], agent)
    return Lake(executions, decisions, kept=kept)


def by_next(found: healing.Healing, failed: str = "shell") -> dict[str, Transition]:
    return {one.then: one for one in found.transitions if one.failed == failed}


def test_a_step_that_helps_is_found_and_one_that_does_not_is_not() -> None:
    found = healing.run(lake_of([("a", "read", 0.95, 60), ("a", "shell", 0.4, 60), ("a", "plan", 0.6, 6)]), horizon=2)
    own = by_next(found)
    assert (own["read"].verdict, own["plan"].verdict) == ("different", "not enough data")
    assert own["read"].difference is not None
    assert own["read"].difference.estimate > 0.3
    assert own["read"].q_value is not None
    assert (own["read"].executions, own["read"].others) == (60, 66)
    assert "After a failed shell, read goes better than what else was tried" in said(shown(render(found)))


def test_a_step_taken_by_better_agents_is_not_called_better() -> None:
    """Over all runs read looks better by far; within each agent it makes no difference."""
    cases = [
        ("good", "read", 0.95, 60),
        ("good", "shell", 0.95, 10),
        ("bad", "read", 0.2, 10),
        ("bad", "shell", 0.2, 60),
    ]
    read = by_next(healing.run(lake_of(cases), horizon=2))["read"]
    assert (read.recovered.rate or 0) - (read.base.rate or 0) > 0.3
    assert read.verdict != "different"
    assert (read.within, read.difference is not None) == ("agent", True)


def test_steps_of_different_agents_are_never_compared() -> None:
    found = by_next(healing.run(lake_of([("x", "read", 0.9, 20), ("y", "shell", 0.1, 20)]), horizon=2))
    assert found["read"].difference is None
    assert found["read"].verdict == "not enough data"


def test_an_execution_counts_once_with_its_first_failure_and_what_follows_the_step_is_counted() -> None:
    decisions = [
        NormalizedDecision(decision_id=f"{name}/{step}", execution_id=name, agent_id="a", step=step, role=role,
                           action=role, tool=role, outcome=outcome)
        for name in (f"e{number}" for number in range(5))
        for step, (role, outcome) in enumerate(
            [("shell", "failed"), ("read", "failed"), ("shell", "failed"), ("edit", "ok"), ("shell", "ok")])
    ]  # fmt: skip
    found = healing.run(Lake([execution(f"e{number}") for number in range(5)], decisions), horizon=2)
    assert {(one.failed, one.then, one.executions) for one in found.transitions} == {
        ("shell", "read", 5),
        ("read", "shell", 5),
    }
    own = by_next(found)["read"]
    # That the read itself failed does not count; the shell after it does.
    assert (own.recovered.successes, own.recovered.total) == (0, 5)
    after_read = by_next(found, "read")["shell"]
    assert (after_read.recovered.successes, after_read.recovered.total) == (5, 5)


def test_the_change_of_pressure_stands_beside_that_of_the_others() -> None:
    cases = [("a", "read", 0.5, 8), ("a", "shell", 0.5, 8)]
    pressure = [
        {"decision_id": f"e{number}/{step}", "execution_id": f"e{number}", "step": step, "patterns": [],
         "pressure": (0.5, 0.4, 0.3, 0.2 if number < 8 else 0.45)[step]}
        for number in range(16)
        for step in range(4)
    ]  # fmt: skip
    read = by_next(healing.run(lake_of(cases, {"pressure": pressure}), horizon=2))["read"]
    assert read.change == pytest.approx(-0.3)
    assert read.base_change == pytest.approx(-0.05)
    assert read.change_difference is not None
    assert read.change_difference.value == pytest.approx(-0.25)


def test_runs_that_end_before_are_counted_and_said() -> None:
    found = healing.run(lake_of([("a", "read", 0.5, 6)]), horizon=10)
    assert (found.failures, found.ended) == (6, 6)
    assert "how 6 of 6 first failures went on" in said(shown(render(found)))
    with pytest.raises(UsageError):
        healing.run(lake_of([]), horizon=0)


def test_rare_steps_are_not_listed_but_count_among_the_others() -> None:
    found = healing.run(lake_of([("a", "read", 0.5, 4), ("a", "shell", 0.5, 9)]), horizon=1)
    assert list(by_next(found)) == ["shell"]
    assert found.rare == 1
    assert by_next(found)["shell"].base.total == 4


def test_by_tool_the_names_of_tools_are_kinds_and_stay_text() -> None:
    executions = [execution(f"e{number}") for number in range(5)]
    decisions = [
        NormalizedDecision(decision_id=f"e{number}/{step}", execution_id=f"e{number}", agent_id="a", step=step,
                           action="x", tool=tool, outcome=outcome)
        for number in range(5)
        for step, (tool, outcome) in enumerate([(HOSTILE, "failed"), ("Read", "ok"), ("Bash", "ok")])
    ]  # fmt: skip
    found = healing.run(Lake(executions, decisions), by="tool", horizon=1)
    assert [(one.failed, one.then) for one in found.transitions] == [(HOSTILE, "Read")]
    page = shown(render(found))
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_without_failures_or_pressures_the_page_says_so() -> None:
    assert "No failed action" in said(shown(render(healing.run(Lake([])))))
    assert "soma replay --all keeps them" in said(
        shown(render(healing.run(lake_of([("a", "read", 0.5, 6)]), horizon=1)))
    )


def test_threads_and_order_change_nothing() -> None:
    cases = [("a", "read", 0.7, 20), ("b", "shell", 0.4, 20), ("a", "shell", 0.5, 20)]
    assert healing.run(lake_of(cases), horizon=2) == healing.run(lake_of(cases), horizon=2)


@pytest.mark.parametrize("width", [80, 100])
def test_the_page_keeps_to_its_width(width: int) -> None:
    page = shown(render(healing.run(lake_of([("a", "read", 0.95, 60), ("a", "shell", 0.4, 60)]), horizon=2)), width)
    assert all(len(line) <= width for line in page.splitlines())
