"""From firings and their outcomes to a verdict on every pattern: pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from soma.synthesizer.jobs.gates.balance import ratio_kept
from soma.synthesizer.jobs.gates.betting import evidence
from soma.synthesizer.jobs.gates.compute import better_of, effect_of, more_of
from soma.synthesizer.jobs.gates.pairs import Item
from soma.synthesizer.stats import Stratum, compare, e_benjamini_hochberg, mean_over_tasks, proportion
from soma.synthesizer.wording import percent

from .course import Course, Key, courses
from .model import Arm, Counted, Dealt, Guidance, PatternGate, Replayed, Shadow

_ORDER = ("retired", "active", "collecting")
_UNEVEN = 0.001


def guidance_of(
    dealt: Sequence[Dealt], replayed: Iterable[Replayed], outcome: Counted, horizon: int, delta: float, level: float
) -> Guidance:
    """Every pattern with firings: refuted first, then validated, then undecided ones.

    Args:
        dealt: Firings of real deployments in the order of dealing.
        replayed: Replayed ones by execution.
        outcome: What counts as good.
        horizon: After how many actions; 0 for the end.
        delta: Differences below it do not matter.
        level: Of intervals and verdicts.
    """
    by_pattern: dict[Key, list[Dealt]] = defaultdict(list)
    for one in _units(dealt, outcome):
        by_pattern[one.pattern, one.pattern_version].append(one)
    known = {
        key: [(one.dealt, Item(one.family, one.arm == "treatment", good)) for one in own
              if (good := _good(one, outcome)) is not None]
        for key, own in by_pattern.items()
    }  # fmt: skip
    found = courses(known, delta, level)
    begun = sorted(key for key, course in found.items() if course.standing.seen)
    adjusted = e_benjamini_hochberg([found[key].standing.e_value for key in begun])
    q_values = dict(zip(begun, adjusted, strict=True))
    gates = [
        _gate(key, own, found[key], q_values.get(key, 1.0), len(begun), outcome, delta, level)
        for key, own in by_pattern.items()
    ]
    shadows = sorted(_shadows(replayed, level), key=lambda one: (-one.executions, one.pattern, -one.version))
    return Guidance(
        outcome=outcome,
        horizon=horizon,
        patterns=tuple(
            sorted(gates, key=lambda one: (_ORDER.index(one.status), -one.e_value, one.pattern, -one.version))
        ),
        shadows=tuple(shadows),
        delta=delta,
        level=level,
        notes=tuple(_notes(gates, shadows)),
    )


def _units(dealt: Iterable[Dealt], outcome: Counted) -> Iterator[Dealt]:
    """What is counted: every firing; of success, which firings of one execution share, only the first in each."""
    seen = set()
    for one in dealt:
        key = (one.pattern, one.pattern_version, one.execution_id)
        if outcome == "success" and one.execution_id is not None:
            if key in seen:
                continue
            seen.add(key)
        yield one


def _good(one: Dealt, outcome: Counted) -> bool | None:
    return one.recovered if outcome == "recovered" else one.success


def _gate(
    key: Key, own: Sequence[Dealt], course: Course, q_value: float, begun: int, outcome: Counted, delta: float,
    level: float,
) -> PatternGate:  # fmt: skip
    sides = [[one for one in own if one.arm == arm] for arm in ("treatment", "control")]
    treatment, control = (_arm(side, outcome, level) for side in sides)
    known = [[(one.family, good) for one in side if (good := _good(one, outcome)) is not None] for side in sides]
    standing = course.standing
    seen = dict(standing.seen)
    even, ratio = ratio_kept(len(sides[0]), len(sides[1]))
    return PatternGate(
        pattern=key[0],
        version=key[1],
        status=course.status,
        treatment=treatment,
        control=control,
        effect=effect_of(known[1], known[0], level),
        pairs=standing.blocks,
        e_value=standing.e_value,
        better=better_of(evidence(seen)) if seen else None,
        q_value=q_value,
        interval=standing.interval(level),
        verdict=standing.verdict,
        decided_after=standing.decided_after,
        revived=course.revived,
        trial=course.gate.blocks if course.refuted is not None else 0,
        more=more_of(seen, control.outcome.rate, begun, delta, level) if standing.verdict == "collecting" else None,
        ratio=ratio,
        dealt_evenly=even,
        cautions=tuple(_cautions(treatment, control, even)),
    )


def _arm(side: Sequence[Dealt], outcome: Counted, level: float) -> Arm:
    goods = [good for one in side if (good := _good(one, outcome)) is not None]
    ended = {one.execution_id: one.success for one in side if one.execution_id is not None and one.success is not None}
    return Arm(
        firings=len(side),
        executions=len({one.execution_id for one in side if one.execution_id is not None}),
        outcome=proportion(sum(goods), len(goods), level),
        without_outcome=len(side) - len(goods),
        success=proportion(sum(ended.values()), len(ended), level),
    )


def _cautions(treatment: Arm, control: Arm, even: bool) -> Iterator[str]:
    if not even:
        yield (
            f"{treatment.firings:,} firings were told and {control.firings:,} were not, though they are dealt evenly: "
            "something between dealing and recording loses firings of one arm."
        )
    missing = compare([Stratum(control.without_outcome, control.firings, treatment.without_outcome, treatment.firings)])
    if missing is not None and missing.p_value < _UNEVEN:
        shares = [percent(arm.without_outcome / arm.firings) for arm in (treatment, control)]
        yield (
            f"The outcome is not known of {shares[0]} of treatment and {shares[1]} of control: if the message itself "
            "decides whether a run goes on, the difference is off."
        )


def _shadows(replayed: Iterable[Replayed], level: float) -> Iterator[Shadow]:
    by_pattern: dict[Key, list[Replayed]] = defaultdict(list)
    for one in replayed:
        by_pattern[one.pattern, one.pattern_version].append(one)
    for (pattern, version), own in by_pattern.items():
        known = [one for one in own if one.recovered is not None]
        beside = [one for one in known if one.positions]
        shares = [one.calm / one.positions for one in beside]
        yield Shadow(
            pattern=pattern,
            version=version,
            firings=sum(one.firings for one in own),
            executions=len(own),
            outcome=proportion(sum(one.recovered or 0 for one in known), len(known), level),
            elsewhere=math.fsum(shares) / len(shares) if shares else None,
            difference=mean_over_tasks(
                [[(one.recovered or 0) - share] for one, share in zip(beside, shares, strict=True)], level
            ),
        )


def _notes(gates: Sequence[PatternGate], shadows: Sequence[Shadow]) -> Iterator[str]:
    if not gates:
        yield "No firing of a real deployment is recorded: whether any message helps is not known."
    if not shadows:
        yield "No replayed firing is kept: soma replay --all looks for them in what was harvested."
