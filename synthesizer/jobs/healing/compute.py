"""From first failures to what helped after them: pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from soma.synthesizer.jobs.divergence.verdict import verdict_of
from soma.synthesizer.stats import Stratum, benjamini_hochberg, compare, difference_over_tasks, proportion

from .model import By, Healing, Transition, Tried

LEAST = 5
"""Executions from which on a transition is listed."""


def healing_of(
    tried: Sequence[Tried], tasks: Mapping[str, str], by: By, horizon: int, delta: float, level: float
) -> Healing:
    """Every transition beside all others after the same kind of failure.

    Args:
        tried: First failures of each kind in an execution, with what was tried next.
        tasks: Execution to task, where it is known.
        by: What kinds are.
        horizon: Actions looked at after what was tried.
        delta: Differences of recovery below it do not matter.
        level: Of intervals and verdicts.
    """
    after: dict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        after[one.kind].append(one)
    found: list[Transition] = []
    judged: list[Transition] = []
    rare = 0
    for kind in sorted(after):
        counts = Counter(one.next_kind for one in after[kind])
        rare += sum(many < LEAST for many in counts.values())
        often = sorted(name for name, many in counts.items() if many >= LEAST)
        found += [_transition(kind, name, after[kind], tasks, level) for name in often]
    q_values = iter(benjamini_hochberg([each.difference.p_value for each in found if each.difference]))
    for each in found:
        q_value = next(q_values) if each.difference is not None else None
        verdict = verdict_of(each.difference, q_value, delta, level)
        judged.append(msgspec.structs.replace(each, q_value=q_value, verdict=verdict))
    size = {kind: len(own) for kind, own in after.items()}
    return Healing(
        by=by,
        horizon=horizon,
        transitions=tuple(sorted(judged, key=lambda one: (-size[one.failed], one.failed, -one.executions, one.then))),
        failures=len(tried),
        ended=sum(one.failures is None for one in tried),
        rare=rare,
        least=LEAST,
        delta=delta,
        level=level,
        notes=tuple(_notes(tried, judged)),
    )


def _transition(kind: str, name: str, after: Sequence[Tried], tasks: Mapping[str, str], level: float) -> Transition:
    sides = [[one for one in after if (one.next_kind == name) is mine] for mine in (False, True)]
    recoveries = [[one.failures == 0 for one in side if one.failures is not None] for side in sides]
    changes = [[one.change for one in side if one.change is not None] for side in sides]
    strata: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    paired: dict[tuple[str, str], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for place, side in enumerate(sides):
        for one in side:
            stratum = (one.agent_id, tasks.get(one.execution_id, ""))
            if one.failures is not None:
                strata[stratum][2 * place] += one.failures == 0
                strata[stratum][2 * place + 1] += 1
            if one.change is not None:
                paired[stratum][place].append(one.change)
    others, own = (proportion(sum(side), len(side), level) for side in recoveries)
    return Transition(
        failed=kind,
        then=name,
        executions=len(sides[1]),
        others=len(sides[0]),
        recovered=own,
        base=others,
        difference=compare([Stratum(*strata[key]) for key in sorted(strata)], level),
        change=_mean(changes[1]),
        base_change=_mean(changes[0]),
        change_difference=difference_over_tasks([paired[key] for key in sorted(paired)], level),
        q_value=None,
        verdict="not enough data",
    )


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _notes(tried: Sequence[Tried], found: Sequence[Transition]) -> Iterator[str]:
    if not tried:
        yield "No failed action that anything was tried after."
    elif not found:
        yield f"Nothing was tried in {LEAST} executions after the same kind of failure: too few to tell anything."
    if tried and all(one.change is None for one in tried):
        yield "Pressures are not kept yet: soma replay --all keeps them."
