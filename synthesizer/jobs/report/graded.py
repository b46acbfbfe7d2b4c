"""What predicts failure, as the report tells it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.synthesizer.jobs.grade.model import LEAST_TASKS, Area, Grade, Group, Kind, Verdict
from soma.synthesizer.jobs.grade.model import Grades as Answer
from soma.synthesizer.stats import Clustered

from .ground import Count, Effect, Points, Proportion, Range, Share, proportion_of, rounded


class GradedArea(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How well a score tells, after so many decisions, which of the runs still running will fail; 0.5 is chance.

    ``overAgent`` and ``overErrors`` are what it adds to knowing which agent it is, and the share of errors so far.
    """

    after: Count
    failed: Count
    succeeded: Count
    auc: Share
    interval: Range | None
    q_value: Share | None
    over_agent: Effect | None
    over_errors: Effect | None
    verdict: Verdict


class Graded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One pattern, floor, signal, the pressure, or a plain baseline, held against how runs ended.

    ``odds`` is the odds ratio of being seen in failed over successful runs of the same agent and about the same length;
    ``null`` where none can be compared, as an end of its interval is where there is none.
    """

    kind: Kind
    name: str
    in_failed: Proportion | None
    in_succeeded: Proportion | None
    odds: float | None
    odds_low: float | None
    odds_high: float | None
    areas: list[GradedArea]
    verdict: Verdict


class GradedGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that was graded on one framework, or on all together (``framework`` is ``null``)."""

    framework: str | None
    failed: Count
    succeeded: Count
    tasks: Count
    verdict: Verdict
    graded: list[Graded]


class LearnedArea(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The learned aggregator on tasks it was not fitted on, beside the documented pressure."""

    framework: str | None
    after: Count
    auc: Share
    pressure: Share
    gain: Effect | None
    used: bool


class Grades(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What predicts failure. ``executions`` are those with a known success whose pressure is kept."""

    executions: Count
    unknown: Count
    not_replayed: Count
    groups: list[GradedGroup]
    learned: list[LearnedArea]
    notes: list[str]


def grades_of(found: Answer) -> Grades:
    """The answer of the job ``grade`` without what only its page and its JSON tell."""
    return Grades(
        executions=found.executions, unknown=found.unknown, not_replayed=found.not_replayed,
        groups=[_group(group) for group in found.groups],
        learned=[
            LearnedArea(framework=one.framework, after=one.after, auc=rounded(one.learned.value),
                        pressure=rounded(one.blend.value), gain=_effect(one.over_blend), used=one.used)
            for one in found.learned
        ],
        notes=list(found.notes),
    )  # fmt: skip


def _group(group: Group) -> GradedGroup:
    return GradedGroup(
        framework=group.framework, failed=group.failed, succeeded=group.succeeded, tasks=group.tasks,
        verdict=group.verdict, graded=[_graded(grade) for grade in group.grades],
    )  # fmt: skip


def _graded(grade: Grade) -> Graded:
    seen = grade.prevalence
    odds = seen.odds if seen else None
    return Graded(
        kind=grade.kind, name=grade.name, in_failed=proportion_of(seen.failed) if seen else None,
        in_succeeded=proportion_of(seen.succeeded) if seen else None, odds=_maybe(odds.value if odds else None),
        odds_low=_maybe(odds.low if odds else None), odds_high=_maybe(odds.high if odds else None),
        areas=_areas(grade.areas), verdict=grade.verdict,
    )  # fmt: skip


def _areas(areas: Sequence[Area]) -> list[GradedArea]:
    """Those that can be spoken of: with fewer tasks of an end than this an area is noise."""
    return [
        GradedArea(
            after=area.after, failed=area.failed, succeeded=area.succeeded, auc=rounded(area.auc.value),
            interval=_range(area.auc), q_value=_maybe(area.q_value), over_agent=_effect(area.over_agent),
            over_errors=_effect(area.over_errors), verdict=area.verdict,
        )
        for area in areas
        if area.auc is not None and area.auc.clusters >= LEAST_TASKS
    ]  # fmt: skip


def _range(value: Clustered) -> Range | None:
    if value.interval is None:
        return None
    return Range(low=rounded(value.interval.low), high=rounded(value.interval.high))


def _effect(value: Clustered | None) -> Effect | None:
    if value is None or (interval := _range(value)) is None:
        return None
    estimate: Points = rounded(value.value)
    return Effect(estimate=estimate, interval=interval)


def _maybe(value: float | None) -> float | None:
    return None if value is None else rounded(value)
