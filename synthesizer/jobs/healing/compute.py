"""From first failures to what helped after them: pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from soma.synthesizer.jobs.divergence.verdict import verdict_of
from soma.synthesizer.stats import Stratum, benjamini_hochberg, compare, difference_over_tasks, proportion

from .model import By, Healing, Transition, Tried, Within

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
    base_change, change = (_mean(_changes(side)) for side in sides)
    base, recovered = (proportion(*_counts(side), level) for side in sides)
    within, strata = _strata(sides, tasks)
    return Transition(
        failed=kind,
        then=name,
        executions=len(sides[1]),
        others=len(sides[0]),
        recovered=recovered,
        base=base,
        within=within,
        difference=compare([Stratum(*_counts(others), *_counts(own)) for others, own in strata], level),
        change=change,
        base_change=base_change,
        change_difference=difference_over_tasks([(_changes(others), _changes(own)) for others, own in strata], level),
        q_value=None,
        verdict="not enough data",
    )


def _strata(sides: Sequence[Sequence[Tried]], tasks: Mapping[str, str]) -> tuple[Within, list[list[list[Tried]]]]:
    """Others and own of each agent and task; of each agent where they never met on a task with a known outcome."""
    on_tasks = [[one for one in side if one.execution_id in tasks] for side in sides]
    by_task = _together(on_tasks, lambda one: (one.agent_id, tasks[one.execution_id]))
    if any(all(total for _, total in map(_counts, pair)) for pair in by_task):
        # Executions without a known task are a stratum of their own in each agent.
        return "agent and task", _together(sides, lambda one: (one.agent_id, tasks.get(one.execution_id, "")))
    return "agent", _together(sides, lambda one: (one.agent_id, ""))


def _together(
    sides: Sequence[Sequence[Tried]], key: Callable[[Tried], tuple[str, str]]
) -> list[list[list[Tried]]]:  # fmt: skip
    found: dict[tuple[str, str], list[list[Tried]]] = defaultdict(lambda: [[], []])
    for place, side in enumerate(sides):
        for one in side:
            found[key(one)][place].append(one)
    return [found[each] for each in sorted(found)]


def _counts(side: Sequence[Tried]) -> tuple[int, int]:
    known = [one.failures == 0 for one in side if one.failures is not None]
    return sum(known), len(known)


def _changes(side: Sequence[Tried]) -> list[float]:
    return [one.change for one in side if one.change is not None]


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _notes(tried: Sequence[Tried], found: Sequence[Transition]) -> Iterator[str]:
    if not tried:
        yield "No failed action that anything was tried after."
    elif not found:
        yield f"Nothing was tried in {LEAST} executions after the same kind of failure: too few to tell anything."
    if tried and all(one.change is None for one in tried):
        yield "Pressures are not kept yet: soma replay --all keeps them."
