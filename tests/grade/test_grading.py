"""What is planted is found, what is not there is not, and nobody looks at the end to tell the middle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jsonschema
import msgspec
import pytest

from soma.api.readings import answered as answers_of
from soma.api.readings import pattern_names
from soma.harvester.harvest import Options, harvest
from soma.synthesizer.jobs import grade
from soma.synthesizer.jobs.grade import areas
from soma.synthesizer.jobs.grade.compute import grades_of, group_of, traces_of
from soma.synthesizer.jobs.grade.explain import render
from soma.synthesizer.jobs.grade.firings import lead, prevalence, recovery
from soma.synthesizer.jobs.grade.model import Answered, Grade, Group, Run, Trace
from soma.synthesizer.jobs.report.graded import grades_of as reported
from soma.synthesizer.jobs.report.schema import shipped
from soma.vault import VaultRoot
from tests.jobs.whole import HOSTILE, harmless, said, shown

from .worlds import World, answered


def trace(name: str, failed: bool, *steps: Mapping[str, object], agent: str = "a", task: str | None = None) -> Trace:
    made = [answered(name, place, **step) for place, step in enumerate(steps)]
    return Trace(name, agent, "generic", task or name, failed, made, len(made))


def late(name: str) -> Answered:
    """A decision that would tell everything, had it been made in time."""
    return answered(name, 99, failed=True, pressure=1.0, patterns=["alarm"])


def named(group: Group, name: str) -> Grade:
    return next(one for one in group.grades if one.name == name)


def test_a_planted_pattern_is_found_and_tells_more_than_both_baselines() -> None:
    group = group_of(World("planted", executions=240, effect=0.35).traces, None, 0.95)
    alarm = named(group, "alarm")
    assert (group.verdict, alarm.verdict) == ("signal", "signal")
    after = {area.after: area for area in alarm.areas}
    for moment in (3, 5):
        over = after[moment].over_agent
        assert after[moment].verdict == "signal"
        assert over is not None
        assert over.interval is not None
        assert over.interval.low > 0
    assert [one.name for one in group.grades if one.verdict == "signal"] == ["alarm"]
    page = said(shown(render(grades_of(World("planted", executions=240, effect=0.35).traces)), 110))
    assert "More than which agent it is and how many errors: alarm." in page


def test_in_worlds_without_a_relation_hardly_one_finding_is_told() -> None:
    wrong = 0
    for seed in range(25):
        group = group_of(World(f"null {seed}", executions=80, repeats=2).traces, None, 0.95)
        wrong += any(one.verdict == "signal" for one in group.grades)
    # Where all findings are false, their bounded share is the share of worlds with one: 5 %.
    assert wrong <= 3


def test_every_verdict_says_so_when_there_is_too_little() -> None:
    group = group_of(World("small", executions=8, effect=0.3).traces, None, 0.95)
    assert group.verdict == "not enough data"
    assert all(area.more > 0 for area in named(group, "pressure").areas if area.auc is not None)


def test_ten_firings_in_one_execution_count_as_one() -> None:
    once = [trace(f"{n}", n < 10, {"patterns": ["p"] if n < 6 else []}, *[{}] * 9) for n in range(20)]
    often = [trace(f"{n}", n < 10, *[{"patterns": ["p"] if n < 6 else []}] * 10) for n in range(20)]
    seen = [named(group_of(traces, None, 0.95), "p").prevalence for traces in (once, often)]
    assert seen[0] == seen[1]
    assert seen[0] is not None
    assert (seen[0].failed.successes, seen[0].succeeded.successes) == (6, 0)


def test_lengths_are_compared_with_their_like() -> None:
    """Long executions fail and fire more, but at each length the firing has nothing to do with failing."""
    traces = []
    for number in range(400):
        long = number % 2 == 0
        failed = (number // 2) % 10 < (8 if long else 2)
        fires = (number // 20) % 10 < (7 if long else 2)
        steps = [{"patterns": ["p"] if fires else []}, *[{}] * (11 if long else 2)]
        traces.append(trace(f"{number:03}", failed, *steps))
    found = prevalence(traces, [0 if one.steps[0].patterns else None for one in traces], 0.95)
    assert found.odds is not None
    assert found.odds.value == pytest.approx(1.0, abs=0.15)
    assert found.failed.rate is not None
    assert found.succeeded.rate is not None
    assert found.failed.rate > found.succeeded.rate + 0.2


def test_an_execution_runs_on_after_k_decisions_only_if_it_chose_once_more() -> None:
    steps = [answered("x", place) for place in range(3)]
    ended = [answered("x", 3, chosen=False), answered("x", 4, chosen=False)]
    of_task = {"x": "t"}
    (whole,), _ = traces_of([Run("x", "a", "generic", True, 5)], [*steps, *ended], of_task)
    assert whole.running == 3
    assert areas.moment([whole], 3).sides == []
    # An execution that is not replayed to its end is left out, and told.
    assert traces_of([Run("x", "a", "generic", True, 6)], [*steps, *ended], of_task) == ([], 1)


def test_what_is_known_after_k_decisions_does_not_depend_on_what_came_later() -> None:
    world = World("prefix", executions=80, effect=0.3)
    changed = [
        msgspec.structs.replace(one, steps=[*one.steps[:5], *(late(one.execution_id) for _ in one.steps[5:])])
        for one in world.traces
    ]
    before, after = (
        [[area.auc for area in one.areas if area.after <= 5] for one in group_of(traces, None, 0.95).grades]
        for traces in (world.traces, changed)
    )
    assert before == after


def test_one_agent_by_itself_tells_nothing_and_a_worse_agent_is_told_by_its_other_tasks() -> None:
    alone = group_of(World("alone", executions=100).traces, None, 0.95)
    assert {area.auc.value for area in named(alone, "which agent").areas if area.auc} == {0.5}
    two = group_of(World("two", executions=200, agents=2, skill=0.7).traces, None, 0.95)
    first = named(two, "which agent").areas[0].auc
    assert first is not None
    # Of a failure and a success, the chance that the worse agent made the failure, ties counting half.
    assert 0.75 < first.value < 0.95


def test_the_rate_of_an_agent_leaves_out_the_tasks_of_both_of_a_pair() -> None:
    failed = [trace("f", True, {}, agent="a", task="1")]
    succeeded = [trace("s", False, {}, agent="b", task="2")]
    assert areas.agent_wins(failed, succeeded).tolist() == [[0.5]]
    elsewhere = [trace("g", True, {}, agent="a", task="3")]
    assert areas.agent_wins([*failed, *elsewhere], succeeded)[0, 0] == 1.0


def test_lead_is_the_number_of_decisions_left_in_failed_executions() -> None:
    traces = [trace("a", True, *[{}] * 10), trace("b", True, *[{}] * 5), trace("c", False, *[{}] * 9)]
    found = lead(traces, [2, 4, 0], 0.95)
    assert (found.executions, found.failed, found.median) == (2, 2, 3.5)
    assert found.mean is not None
    assert found.mean.value == 3.5


def test_recovery_stands_beside_the_same_position_of_other_executions() -> None:
    calm: dict[str, object] = {}
    broken: dict[str, object] = {"failed": True}
    fires: dict[str, object] = {"patterns": ["p"]}
    traces = [
        *(trace(f"fired {n}", True, fires, calm, broken if n < 3 else calm, calm, calm) for n in range(6)),
        *(trace(f"other {n}", False, calm, calm, calm, broken if n < 2 else calm, calm) for n in range(8)),
    ]  # fmt: skip
    seen = [["p" in step.patterns for step in one.steps] for one in traces]
    found = recovery(traces, [0 if own[0] else None for own in seen], seen, 0.95)
    assert (found.firings, found.rate, found.base) == (6, 0.5, 0.75)
    assert found.difference is not None
    assert found.difference.value == -0.25
    # Two proportions of unrelated executions: the spread is the usual one.
    spread = (0.5 * 0.5 / 6 + 0.75 * 0.25 / 8) ** 0.5
    assert found.difference.interval is not None
    reach = (found.difference.interval.high + 0.25) / spread
    assert reach == pytest.approx(2.5706 * (6 / 5) ** 0.5, rel=1e-3)


def test_the_page_is_harmless_and_answers_without_outcomes() -> None:
    world = World("hostile", executions=60, effect=0.3, framework=HOSTILE)
    assert harmless(shown(render(grades_of(world.traces)), 110))
    page = said(shown(render(grades_of([], unknown=4)), 110))
    assert "No run here has a known success" in page
    assert "soma outcomes FILE" in page


@pytest.mark.corpus
def test_on_real_shell_sessions_which_agent_it_is_tells_more_than_the_pressure(corpus: Path, tmp_path: Path) -> None:
    root = VaultRoot(tmp_path / "vault")
    harvest([str(corpus / "intercode-bash")], root, Options(jobs=1))
    snapshot = root.snapshot()
    found = grade.run(snapshot, answered=answers_of(snapshot), patterns=pattern_names())
    (group,) = found.groups
    assert (group.failed, group.succeeded, group.agents) == (520, 266, 5)
    pressure, agent = (named(group, name).areas[0].auc for name in ("pressure", "which agent"))
    assert pressure is not None
    assert agent is not None
    assert pressure.value < 0.5 < agent.value
    # What errs in a row errs on: recovery is rarer after a storm than at the same place elsewhere, at any rate.
    storm = named(group, "retry_storm").recovery
    assert storm is not None
    assert storm.difference is not None
    assert storm.difference.interval is not None
    assert storm.difference.interval.high < 0
    assert grade.run(snapshot).not_replayed > 700


def test_the_report_carries_it_in_its_own_words() -> None:
    found = grades_of(World("reported", executions=160, effect=0.35).traces)
    part = msgspec.to_builtins(reported(found))
    (group,) = part["groups"]
    alarm = next(one for one in group["graded"] if one["name"] == "alarm")
    assert (group["verdict"], alarm["verdict"]) == ("signal", "signal")
    assert alarm["areas"][0]["after"] == 3
    assert alarm["inFailed"]["total"] == group["failed"]
    jsonschema.validate(part, {"$ref": "#/$defs/Grades", "$defs": shipped()["$defs"]})
