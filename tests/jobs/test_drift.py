"""Since when an agent behaves differently: planted changes are found and dated, changed tasks are not called drift."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import drift
from soma.synthesizer.jobs.drift.explain import render
from soma.synthesizer.jobs.drift.model import AgentDrift, Aspect, Drift

from .lake import Lake, chain, execution
from .whole import HOSTILE, harmless, said, shown

HOUR = 3_600_000_000
BEGIN = 1_790_000_000_000_000


class World:
    """Runs of agents, one an hour."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"drift {seed}")
        self.executions: list[Execution] = []
        self.decisions: list[NormalizedDecision] = []

    def live(
        self,
        agent: str,
        runs: int,
        chance: Callable[[int], float] = lambda run: 0.9,
        actions: Callable[[int], Sequence[str]] = lambda run: ("read:mail", "write:inbox"),
        seconds: Callable[[int], float] = lambda run: 10.0,
        task: Callable[[int], str] | None = None,
        **more: object,
    ) -> World:
        for run in range(runs):
            identity = f"{agent}-{run:04}"
            self.executions.append(
                execution(
                    identity,
                    agent,
                    success=self.random.random() < chance(run),
                    task_id=task(run) if task else f"task {self.random.randrange(4)}",
                    started_at=BEGIN + run * HOUR,
                    duration_ms=1000 * seconds(run) * self.random.lognormvariate(0, 0.5),
                    **more,
                )
            )
            self.decisions += chain(identity, actions(run), agent, outcome="ok", kind="tool_choice")
        return self

    def answer(self, **question: object) -> Drift:
        self.random.shuffle(self.executions)
        return drift.run(Lake(self.executions, self.decisions), **question)  # type: ignore[arg-type]


def agent_named(found: Drift, name: str) -> AgentDrift:
    return next(agent for agent in found.agents if agent.agent_id == name)


def aspect(found: Drift, name: str, of: str = "outcome") -> Aspect:
    return next(aspect for aspect in agent_named(found, name).aspects if aspect.name == of)


@pytest.fixture(scope="module")
def planted() -> Drift:
    """One agent that changes in everything at run 120, one that never does, one whose tasks become harder."""
    world = World(1)
    late = 120
    world.live(
        "turning", 220,
        chance=lambda run: 0.9 if run < late else 0.4,
        actions=lambda run: ("read:mail", "process:poll" if run < late else "exec:node", "write:inbox"),
        seconds=lambda run: 10.0 if run < late else 40.0,
    )  # fmt: skip
    world.live("same", 1500, chance=lambda run: 0.97)
    hard = random.Random(7)
    mixed = ["hard" if hard.random() < (0.1 if run < 100 else 0.9) else "easy" for run in range(200)]
    world.live(
        "harder", 200, chance=lambda run: 0.3 if mixed[run] == "hard" else 0.9, task=lambda run: mixed[run],
        seconds=lambda run: 100.0 if mixed[run] == "hard" else 10.0,
        actions=lambda run: ("exec:make",) if mixed[run] == "hard" else ("read:mail",),
    )  # fmt: skip
    return world.answer()


@pytest.mark.parametrize("name", ["outcome", "actions", "duration"])
def test_a_change_is_found_and_dated(planted: Drift, name: str) -> None:
    (change,) = aspect(planted, "turning", name).changes
    true = BEGIN + 120 * HOUR
    assert change.earliest <= true <= change.latest
    assert change.latest - change.earliest <= 40 * HOUR
    assert true <= change.seen_at <= true + 60 * HOUR
    assert change.execution_id == f"turning-{(change.since - BEGIN) // HOUR:04}"
    assert change.before_runs + change.after_runs == 220
    assert change.q_value <= 0.05


def test_the_effect_comes_with_an_interval(planted: Drift) -> None:
    (outcome,) = aspect(planted, "turning").changes
    assert outcome.difference is not None and outcome.difference.strata == 4
    assert outcome.difference.interval.low <= -0.5 <= outcome.difference.interval.high < 0
    assert outcome.before is not None and outcome.before.interval.low <= 0.9 <= outcome.before.interval.high
    (longer,) = aspect(planted, "turning", "duration").changes
    assert longer.ratio is not None and longer.ratio.low is not None and longer.ratio.high is not None
    assert longer.ratio.low <= 4 <= longer.ratio.high
    (mix,) = aspect(planted, "turning", "actions").changes
    assert (mix.what, mix.also) == ("exec:node", ("process:poll",))


def test_what_did_not_change_is_steady_and_what_is_not_known_is_not(planted: Drift) -> None:
    assert agent_named(planted, "same").verdict == "steady"
    assert aspect(planted, "same").within is not None
    assert aspect(planted, "same", "cost").runs == 0
    assert aspect(planted, "same", "cost").verdict == "not enough data"


def test_harder_tasks_are_a_change_of_the_tasks_not_of_the_agent(planted: Drift) -> None:
    found = agent_named(planted, "harder")
    assert found.verdict != "changed"
    (mix,) = aspect(planted, "harder", "tasks").changes
    assert mix.earliest <= BEGIN + 100 * HOUR <= mix.latest
    assert any("The task mix changed" in caution for caution in found.cautions)


def test_over_all_tasks_the_same_looks_like_drift_and_is_said_to() -> None:
    mixed = ["hard" if run >= 100 else "easy" for run in range(200)]
    world = World(2).live(
        "harder", 200, chance=lambda run: 0.2 if mixed[run] == "hard" else 0.9, task=lambda run: mixed[run]
    )
    assert agent_named(world.answer(), "harder").verdict != "changed"
    across = agent_named(world.answer(across_tasks=True), "harder")
    assert across.verdict == "changed"
    assert any("Compared over all tasks" in caution for caution in across.cautions)


def test_few_runs_are_not_enough_data_rather_than_steady() -> None:
    found = World(3).live("young", 12, chance=lambda run: 1.0).answer()
    assert agent_named(found, "young").verdict == "not enough data"
    assert aspect(found, "young").more is not None


def test_two_changes_are_both_dated_and_the_effect_lies_between_them() -> None:
    world = World(4).live("twice", 400, chance=lambda run: 0.95 if run < 130 or run >= 270 else 0.3)
    first, second = aspect(world.answer(), "twice").changes
    assert first.earliest <= BEGIN + 130 * HOUR <= first.latest < second.earliest <= BEGIN + 270 * HOUR <= second.latest
    assert first.difference is not None and first.difference.interval.high < 0
    assert second.difference is not None and second.difference.interval.low > 0
    assert second.before_runs == first.after_runs


def test_runs_without_a_time_are_left_out_and_counted() -> None:
    world = World(5).live("some", 30)
    world.executions += [execution(f"lost-{place}", "some", success=True) for place in range(7)]
    found = world.answer()
    assert (agent_named(found, "some").runs, agent_named(found, "some").without_time) == (30, 7)
    assert "Left out: 7 runs of 1 agent without a time." in said(shown(render(found)))


def test_a_new_model_is_named_as_a_possible_cause() -> None:
    world = World(6)
    world.live("swapped", 200, chance=lambda run: 0.95 if run < 100 else 0.3)
    for place, run in enumerate(world.executions):
        world.executions[place] = execution(
            run.execution_id, run.agent_id, success=run.success, task_id=run.task_id, started_at=run.started_at,
            model="old" if place < 100 else "new",
        )  # fmt: skip
    (caution,) = agent_named(world.answer(), "swapped").cautions
    assert caution.startswith("The model changed too: old in ")


def test_false_alarms_stay_rare_over_everything_watched() -> None:
    worlds = 40
    alarms = 0
    for seed in range(worlds):
        world = World(1000 + seed)
        for number in range(3):
            pick = random.Random(f"{seed} {number}")
            chosen = [(pick.choice(["exec:ls", "exec:cat", "read:mail"]),) for _ in range(80)]
            world.live(f"a{number}", 80, chance=lambda run: 0.7, actions=chosen.__getitem__)
        alarms += any(agent.verdict == "changed" for agent in world.answer().agents)
    # More than 6 of 40 happen in less than one of a hundred tests when the true rate is 5 %.
    assert alarms <= 6


def test_the_page_reads_from_what_changed_to_what_to_look_at(planted: Drift) -> None:
    for width in (80, 100):
        page = shown(render(planted), width)
        assert max(len(line) for line in page.splitlines() if "soma " not in line) <= width
    words = said(shown(render(planted)))
    order = [
        "turning CHANGED 220 runs",
        "success changed since",
        "before,",
        "points [",
        "actions",
        "duration changed since",
        "times as large [",
        "cost not known",
        "AgentFlow says:",
        "soma decisions --execution",
        "No change shows",
    ]
    places = [words.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_names_from_traces_steer_nothing() -> None:
    world = World(8).live(
        HOSTILE, 160, chance=lambda run: 0.95 if run < 80 else 0.2, task=lambda run: HOSTILE,
        actions=lambda run: (HOSTILE,) if run < 80 else ("b", HOSTILE + "x"), model=HOSTILE,
    )  # fmt: skip
    assert harmless(shown(render(world.answer(), everything=True)))


def test_nothing_to_watch_is_said() -> None:
    assert "soma harvest" in shown(render(drift.run(Lake([]))))


def test_the_answer_depends_on_neither_threads_nor_the_order_of_rows() -> None:
    world = World(9).live("turning", 150, chance=lambda run: 0.9 if run < 80 else 0.2)
    first = world.answer()
    world.decisions.reverse()
    assert drift.run(Lake(world.executions[::-1], world.decisions, threads=4)) == first
