"""From traces whose end is known to what predicts it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from soma.synthesizer.stats import benjamini_hochberg
from soma.synthesizer.wording import number

from . import areas, firings
from .areas import Moment, moment
from .model import (
    LEAST_TASKS,
    MOMENTS,
    Answered,
    Area,
    Grade,
    Grades,
    Group,
    Learned,
    Run,
    Trace,
    Verdict,
)
from .subjects import Subject, subjects


def traces_of(
    runs: Iterable[Run], answered: Iterable[Answered], assignments: Mapping[str, str]
) -> tuple[list[Trace], int]:
    """The executions all of whose decisions are answered, in the order of their ids; and how many are left out.

    An execution whose task is not known is a task of its own.
    """
    steps: dict[str, list[Answered]] = defaultdict(list)
    for step in answered:
        steps[step.execution_id].append(step)
    traces, left_out = [], 0
    for run in runs:
        own = steps.get(run.execution_id, [])
        if len(own) < run.decisions:
            left_out += 1
            continue
        last = max((place for place, step in enumerate(own, 1) if step.chosen), default=0)
        task = assignments.get(run.execution_id, run.execution_id)
        traces.append(Trace(run.execution_id, run.agent_id, run.framework, task, not run.success, own, last))
    return sorted(traces, key=lambda trace: trace.execution_id), left_out


def grades_of(
    traces: Sequence[Trace],
    *,
    agent: str | None = None,
    framework: str | None = None,
    unknown: int = 0,
    not_replayed: int = 0,
    patterns: Sequence[str] = (),
    learned: Sequence[Learned] = (),
    level: float = 0.95,
) -> Grades:
    """Everything graded, on all frameworks together and on each.

    Args:
        traces: As ``traces_of`` gives them, of the agent and framework asked for.
        agent: What was asked for.
        framework: What was asked for.
        unknown: Executions whose success is not known.
        not_replayed: Executions left out, as their pressure is not known.
        patterns: Names of all patterns there are, so that those that never matched can be told.
        learned: What ``soma calibrate`` stored.
        level: Of all intervals; ``1 - level`` is the false discovery rate in each group.
    """
    names = sorted({trace.framework for trace in traces})
    groups = [group_of(traces, None if len(names) != 1 else names[0], level)] if traces else []
    if len(names) > 1:
        groups += [group_of([trace for trace in traces if trace.framework == name], name, level) for name in names]
    matched = {name for trace in traces for step in trace.steps for name in step.patterns}
    return Grades(
        groups=tuple(groups), agent=agent, framework=framework, executions=len(traces), unknown=unknown,
        not_replayed=not_replayed, never=tuple(sorted(set(patterns) - matched)), learned=tuple(learned), level=level,
        notes=tuple(_notes(traces, unknown, not_replayed)),
    )  # fmt: skip


def group_of(traces: Sequence[Trace], framework: str | None, level: float) -> Group:
    """Everything graded on these executions; false discoveries are bounded over all of it together."""
    moments = [moment(traces, after) for after in MOMENTS]
    grades = [_graded(traces, subject, moments, level) for subject in subjects(traces)]
    grades.append(
        Grade(kind="baseline", name="which agent", prevalence=None, areas=tuple(one.agents(level) for one in moments),
              lead=None, recovery=None, verdict="not enough data")
    )  # fmt: skip
    grades = _decided(grades, level)
    found: list[Verdict] = [grade.verdict for grade in grades if grade.kind != "baseline" and grade.verdict == "signal"]
    # That some rare pattern is known to tell nothing says little; the pressure is what all of them come together in.
    found += [grade.verdict for grade in grades if grade.kind == "aggregate"]
    return Group(
        framework=framework, agents=len({trace.agent_id for trace in traces}),
        tasks=len({trace.task for trace in traces}), failed=sum(trace.failed for trace in traces),
        succeeded=sum(not trace.failed for trace in traces), grades=tuple(grades), verdict=_together(found),
    )  # fmt: skip


def _graded(traces: Sequence[Trace], subject: Subject, moments: Sequence[Moment], level: float) -> Grade:
    first = [subject.first(trace) for trace in traces]
    seen = [[subject.holds(step) for step in trace.steps] for trace in traces]
    return Grade(
        kind=subject.kind, name=subject.name, prevalence=firings.prevalence(traces, first, level),
        areas=tuple(_area(subject, one, level) for one in moments),
        lead=firings.lead(traces, first, level),
        recovery=firings.recovery(traces, first, seen, level), verdict="not enough data",
    )  # fmt: skip


def _area(subject: Subject, at: Moment, level: float) -> Area:
    return at.area(lambda trace: subject.score(trace.steps[: at.after]), level)


def _decided(grades: Sequence[Grade], level: float) -> list[Grade]:
    """All with q-values over every test of the group, and verdicts."""
    tests: dict[tuple[int, str], float] = {}
    for place, grade in enumerate(grades):
        if grade.prevalence is not None and grade.prevalence.odds is not None:
            tests[place, "odds"] = grade.prevalence.odds.p_value
        for area in grade.areas:
            if area.auc is not None and area.auc.clusters >= LEAST_TASKS:
                tests[place, f"after {area.after}"] = area.auc.p_value
        if grade.recovery is not None and grade.recovery.difference is not None:
            tests[place, "recovery"] = grade.recovery.difference.p_value
    adjusted = dict(zip(tests, benjamini_hochberg(list(tests.values())), strict=True))
    found = []
    for place, grade in enumerate(grades):
        own = [_judged(area, adjusted.get((place, f"after {area.after}")), level) for area in grade.areas]
        seen, healed = grade.prevalence, grade.recovery
        if seen is not None and (place, "odds") in adjusted:
            seen = firings.judged(seen, adjusted[place, "odds"], level)
        if healed is not None and (place, "recovery") in adjusted:
            healed = msgspec.structs.replace(healed, q_value=adjusted[place, "recovery"])
        verdicts: list[Verdict] = [area.verdict for area in own]
        if seen is not None:
            verdicts.append(seen.verdict)
        found.append(
            msgspec.structs.replace(
                grade, areas=tuple(own), prevalence=seen, recovery=healed, verdict=_together(verdicts)
            )
        )
    return found


def _judged(area: Area, q_value: float | None, level: float) -> Area:
    return area if q_value is None else areas.judged(area, q_value, level)


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """A signal if one is; no signal if at least one says so and none is a signal."""
    if "signal" in verdicts:
        return "signal"
    return "no signal" if "no signal" in verdicts else "not enough data"


def _notes(traces: Sequence[Trace], unknown: int, not_replayed: int) -> list[str]:
    lines = []
    if unknown:
        lines.append(f"{number(unknown, 'run')} of unknown success: not graded (soma outcomes tells how runs ended)")
    if not_replayed:
        lines.append(f"{number(not_replayed, 'run')} without a kept pressure: not graded (soma synthesize keeps it)")
    failed = sum(trace.failed for trace in traces)
    if traces and failed in (0, len(traces)):
        every = "failed" if failed else "succeeded"
        lines.append(f"every run whose success is known {every}: there is nothing to tell apart")
    return lines
