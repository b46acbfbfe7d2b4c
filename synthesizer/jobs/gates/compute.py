"""From executions to arms, and from arms to verdicts: pure, and the same whatever order rows come in."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from soma.synthesizer.jobs.tasks.model import Tasks
from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Proportion, Stratum, compare, e_benjamini_hochberg, proportion
from soma.synthesizer.wording import number, plain

from .arms import arm_of
from .balance import cautions_of
from .betting import Differences, Evidence, evidence, interval
from .model import LEAST_FOR_TEST, Arm, Comparison, Effect, Gates, Measure, More, Run, Side
from .pairs import Item, blocks, differences
from .planning import ahead, planned
from .verdict import verdict_of

_ORDER = ("refuted", "validated", "alike", "collecting")
_ALL = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        by: What tells the arms: ``soma.synthesizer.jobs.gates.arms``.
        treatment, control: The arms asked about; ``None``: all others, the most frequent one.
        agent, task: Only these; ``tasks`` are the keys of the tasks meant by ``task``.
        across_tasks: Compare over all tasks as if they were one.
        excluded: Executions a rule keeps out of comparisons.
        delta: Differences below it do not matter. level: Of all intervals and of the verdicts.
    """

    by: str
    treatment: str | None = None
    control: str | None = None
    agent: str | None = None
    task: str | None = None
    tasks: frozenset[str] = frozenset()
    across_tasks: bool = False
    excluded: frozenset[str] = frozenset()
    delta: float = 0.1
    level: float = 0.95


class Known(NamedTuple):
    """An execution with known outcome and its task."""

    task: str
    good: bool
    run: Run


class Weighed(NamedTuple):
    """One comparison before it is judged among the others."""

    name: str
    treated: list[Known]
    controls: list[Known]
    seen: Differences
    evidence: Evidence
    elsewhere: tuple[int, int]


def asked(runs: Iterable[Run], tasks: Tasks, question: Question) -> list[Run]:
    """The executions the question is about, in the order of time."""
    found = [
        run
        for run in runs
        if (question.agent is None or run.agent_id == question.agent)
        and (question.task is None or tasks.assignments.get(run.execution_id) in question.tasks)
        and run.execution_id not in question.excluded
    ]
    return sorted(found, key=lambda run: (run.started_at is None, run.started_at or 0, run.execution_id))


def by_arm(runs: Iterable[Run], by: str) -> dict[str, list[Run]]:
    """The executions of each arm, the most frequent arm first (ties: in the order of names)."""
    arms: dict[str, list[Run]] = defaultdict(list)
    of = arm_of(by)
    for run in runs:
        if (name := of(run)) is not None:
            arms[name].append(run)
    return dict(sorted(arms.items(), key=lambda item: (-len(item[1]), item[0])))


def gates_of(runs: Iterable[Run], tasks: Tasks, question: Question) -> Gates:
    """Every arm, and every treatment beside the control."""
    own = asked(runs, tasks, question)
    members = by_arm(own, question.by)
    control = question.control or next((name for name in members if name != question.treatment), None)
    chosen = [question.treatment] if question.treatment is not None else [name for name in members if name != control]
    if question.treatment is not None:
        members = {name: members[name] for name in members if name in (question.treatment, control)}
    measure = _measure(members, control)
    arms = {name: _arm(name, rows, tasks.assignments, measure, question.level) for name, rows in members.items()}
    comparisons = []
    if control is not None:
        known = {name: _known(rows, tasks.assignments, measure, question) for name, rows in members.items()}
        weighed = [_weighed(name, known[name], known[control], arms, control) for name in chosen if name in known]
        comparisons = _judged(weighed, arms, control, measure, question)
    return Gates(
        by=question.by,
        arms=tuple(arms.values()),
        control=control,
        control_chosen=question.control is not None,
        comparisons=tuple(comparisons),
        measure=measure,
        agent=question.agent,
        task=question.task,
        across_tasks=question.across_tasks,
        executions=sum(map(len, members.values())),
        unlabelled=sum(arm_of(question.by)(run) is None for run in own),
        delta=question.delta,
        level=question.level,
        notes=tuple(_notes(own, members, comparisons, question, measure)),
        not_known=tuple(_not_known(own, members, tasks.assignments, measure, question)),
    )


def _measure(arms: Mapping[str, Sequence[Run]], control: str | None) -> Measure:
    """``success`` where it is known of the control and of another arm, else how executions ended."""
    knowing = {name for name, runs in arms.items() if any(run.success is not None for run in runs)}
    enough = control in knowing and (len(knowing) > 1 or len(arms) == 1)
    return "success" if enough else "status"


def _known(
    runs: Iterable[Run], assignments: Mapping[str, str], measure: Measure, question: Question
) -> tuple[list[Known], int]:
    """Executions with known outcome that have a task, and how many have none."""
    found, without = [], 0
    for run in runs:
        if (good := did_well(run, measure)) is None:
            continue
        task = _ALL if question.across_tasks else assignments.get(run.execution_id)
        if task is None:
            without += 1
        else:
            found.append(Known(task, good, run))
    return found, without


def _arm(name: str, runs: Sequence[Run], assignments: Mapping[str, str], measure: Measure, level: float) -> Arm:
    outcomes = [outcome for run in runs if (outcome := did_well(run, measure)) is not None]
    tasks = [assignments[run.execution_id] for run in runs if run.execution_id in assignments]
    starts = [run.started_at for run in runs if run.started_at is not None]
    return Arm(
        name=name,
        executions=len(runs),
        outcome=proportion(sum(outcomes), len(outcomes), level),
        without_outcome=len(runs) - len(outcomes),
        tasks=len(set(tasks)),
        without_task=len(runs) - len(tasks),
        first_seen=min(starts, default=None),
        last_seen=max(starts, default=None),
    )


def _weighed(
    name: str,
    treated: tuple[list[Known], int],
    controls: tuple[list[Known], int],
    arms: Mapping[str, Arm],
    control: str,
) -> Weighed:
    both = {one.task for one in treated[0]} & {one.task for one in controls[0]}
    compared = [[one for one in side if one.task in both] for side in (treated[0], controls[0])]
    every = [(one, side == 0) for side, members in enumerate(compared) for one in members]
    every.sort(key=lambda item: (item[0].run.started_at is None, item[0].run.started_at or 0, item[0].run.execution_id))
    seen = differences(blocks(Item(one.task, is_treated, one.good) for one, is_treated in every))
    left = (
        arms[name].outcome.total - len(compared[0]),
        arms[control].outcome.total - len(compared[1]),
    )
    return Weighed(name, compared[0], compared[1], seen, evidence(seen), left)


def _judged(
    weighed: Sequence[Weighed], arms: Mapping[str, Arm], control: str, measure: Measure, question: Question
) -> list[Comparison]:
    """Verdicts with false discoveries controlled over all comparisons that have begun."""
    begun = [one for one in weighed if one.seen]
    adjusted = e_benjamini_hochberg([one.evidence.e_value for one in begun])
    q_values = {one.name: q_value for one, q_value in zip(begun, adjusted, strict=True)}
    found = [
        _comparison(one, arms, control, q_values.get(one.name, 1.0), len(begun), measure, question) for one in weighed
    ]
    return sorted(found, key=lambda one: (_ORDER.index(one.verdict), -one.e_value, -one.pairs, one.treatment))


def _comparison(
    one: Weighed, arms: Mapping[str, Arm], control: str, q_value: float, begun: int, measure: Measure,
    question: Question,
) -> Comparison:  # fmt: skip
    level, delta = question.level, question.delta
    sides = [_rate(side, level) for side in (one.treated, one.controls)]
    verdict = verdict_of(one.seen, q_value, delta, level)
    effect = effect_of(
        [(known.task, known.good) for known in one.controls], [(known.task, known.good) for known in one.treated], level
    )
    return Comparison(
        treatment=one.name,
        control=control,
        tasks=len({known.task for known in one.treated}) if not question.across_tasks else 0,
        treatment_outcome=sides[0],
        control_outcome=sides[1],
        treatment_elsewhere=one.elsewhere[0],
        control_elsewhere=one.elsewhere[1],
        effect=effect,
        pairs=sum(one.seen.values()),
        e_value=one.evidence.e_value if one.seen else 1.0,
        better=better_of(one.evidence) if one.seen else None,
        q_value=q_value,
        interval=interval(one.seen, level),
        verdict=verdict,
        more=more_of(one.seen, sides[1].rate, begun, delta, level) if verdict == "collecting" else None,
        cautions=cautions_of(
            arms[one.name],
            arms[control],
            [(known.task, known.run) for known in one.treated],
            [(known.task, known.run) for known in one.controls],
            one.elsewhere,
            measure,
        )
        if one.seen
        else (),
    )


def _rate(side: Sequence[Known], level: float) -> Proportion:
    return proportion(sum(known.good for known in side), len(side), level)


def better_of(found: Evidence) -> Side | None:
    """The side the evidence speaks for; ``None`` for neither."""
    if math.isclose(found.above, found.below):
        return None
    return "treatment" if found.above > found.below else "control"


def effect_of(
    controls: Sequence[tuple[str, bool]], treated: Sequence[tuple[str, bool]], level: float
) -> Effect | None:  # fmt: skip
    """Treatment minus control, task by task; the test of one look only where the arms are large enough.

    Each side is given as task and whether it did well.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for place, side in ((0, controls), (2, treated)):
        for task, good in side:
            counts[task][place] += good
            counts[task][place + 1] += 1
    difference = compare([Stratum(*counts[task]) for task in sorted(counts)], level)
    if difference is None:
        return None
    return Effect(
        estimate=difference.estimate,
        interval=difference.interval,
        p_value=difference.p_value if min(len(treated), len(controls)) >= LEAST_FOR_TEST else None,
        method=difference.method,
        strata=difference.strata,
    )


def more_of(seen: Differences, rate: float | None, begun: int, delta: float, level: float) -> More:
    """What is still needed, with ``rate`` of the control and ``begun`` comparisons sharing the false discoveries."""
    have = sum(seen.values())
    whole = planned(0.5 if rate is None else rate, delta, level)
    future = ahead(seen, delta, level, comparisons=max(1, begun))
    return More(
        for_delta=whole - have if whole is not None and whole > have else None,
        as_seen=future.pairs if future else None,
        decision=future.decision if future else None,
    )


def _notes(
    own: Sequence[Run], arms: Mapping[str, Sequence[Run]], comparisons: Sequence[Comparison], question: Question,
    measure: Measure,
) -> Iterator[str]:  # fmt: skip
    by = plain(question.by, 40)
    if not own:
        yield "No runs to compare. soma harvest PATH reads traces into the vault."
        return
    if not arms:
        yield f"None of {number(len(own), 'run')} tells its {by}: nothing is compared."
        return
    if len(arms) == 1:
        yield f"All runs have {by} {plain(next(iter(arms)), 60)}: a comparison takes two arms."
        return
    knowing = [name for name, runs in arms.items() if any(run.success is not None for run in runs)]
    if measure == "status" and len(knowing) > 1:
        yield (
            f"Success is known of {number(len(knowing), 'arm')}, but not of the control, so runs are compared by how "
            f"they ended. --control {plain(knowing[0], 60)} compares success."
        )
    if comparisons and not any(one.pairs for one in comparisons):
        together = "" if question.across_tasks else ", as no task was attempted by both the control and another arm"
        hint = (
            " --across-tasks compares all runs as if they had one task, --control NAME takes another control."
            if together
            else ""
        )
        yield f"Nothing is compared{together}.{hint}"


def _not_known(
    own: Sequence[Run], arms: Mapping[str, Sequence[Run]], assignments: Mapping[str, str], measure: Measure,
    question: Question,
) -> Iterator[str]:  # fmt: skip
    runs = [run for members in arms.values() for run in members]
    word = "success" if measure == "success" else "how it ended"
    missing = sum(did_well(run, measure) is None for run in runs)
    if missing:
        yield f"{word} of {missing:,} of {number(len(runs), 'run')}"
    untold = _count(run for run in own if arm_of(question.by)(run) is None)
    if untold:
        yield f"{plain(question.by, 40)} of {untold:,} of {number(len(own), 'run')}, in no arm"
    without = _count(run for run in runs if run.execution_id not in assignments)
    if without and not question.across_tasks:
        yield f"the task of {without:,}, not compared"
    timeless = _count(run for run in runs if run.started_at is None)
    if timeless:
        yield f"the start of {timeless:,}, taken in the order of their ids"


def _count(runs: Iterable[Run]) -> int:
    return sum(1 for _ in runs)
