"""Beginnings of paths after which executions fail more often than after other beginnings."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Difference, Proportion, Stratum, benjamini_hochberg, compare, proportion

from .model import FailurePrefix, Measure, Run

LEAST_SUPPORT = 5
_LEAST_SHARE = 0.01
_LONGEST = 40
_EXAMPLES = 3
_ENOUGH = 10


class Known(NamedTuple):
    """An execution whose path and outcome are known; ``task`` is empty for those without one."""

    actions: tuple[str, ...]
    task: str
    good: bool
    run: Run


class Candidate(msgspec.Struct, frozen=True):
    """A beginning with the comparison of executions that took it with those that did not."""

    prefix: tuple[str, ...]
    following: Proportion
    others: Proportion
    difference: Difference
    agents: dict[str, int]
    examples: tuple[str, ...]


def measure_of(runs: Sequence[Run]) -> Measure:
    """``success`` where it is known of ten executions or of half of them, else ``status``."""
    known = sum(run.success is not None for run in runs)
    return "success" if known and (known >= _ENOUGH or 2 * known >= len(runs)) else "status"


def candidates(runs: Sequence[Run], tasks: Mapping[str, str], measure: Measure, level: float) -> list[Candidate]:
    """Every beginning with enough executions of known outcome on both sides: five, and one in a hundred.

    Of beginnings that the same executions took only the shortest counts: what comes after it adds nothing. Executions
    of which no decision is recorded are on neither side.
    """
    known = [
        Known(tuple(run.actions[:_LONGEST]), tasks.get(run.execution_id, ""), good, run)
        for run in runs
        if run.actions and (good := did_well(run, measure)) is not None
    ]
    support = max(LEAST_SUPPORT, math.ceil(_LEAST_SHARE * len(known)))
    totals = _tally(known)
    found = [_compared(prefix, members, totals, support, level) for prefix, members in _beginnings(known, support)]
    return [candidate for candidate in found if candidate is not None]


def _beginnings(known: Sequence[Known], support: int) -> Iterator[tuple[tuple[str, ...], Sequence[Known]]]:
    """Beginnings that at least ``support`` executions took, but not all, each with these; in the order of actions."""
    waiting: list[tuple[tuple[str, ...], Sequence[Known]]] = [((), known)]
    while waiting:
        prefix, members = waiting.pop()
        onward: dict[str, list[Known]] = defaultdict(list)
        for one in members:
            if len(one.actions) > len(prefix):
                onward[one.actions[len(prefix)]].append(one)
        for action in sorted(onward, reverse=True):
            if len(onward[action]) >= support:
                waiting.append(((*prefix, action), onward[action]))
                if len(onward[action]) < len(members) and len(known) - len(onward[action]) >= support:
                    yield (*prefix, action), onward[action]


def _tally(known: Sequence[Known]) -> dict[str, tuple[int, int]]:
    totals = Counter(one.task for one in known)
    good = Counter(one.task for one in known if one.good)
    return {task: (good[task], totals[task]) for task in totals}


def _compared(
    prefix: tuple[str, ...],
    members: Sequence[Known],
    totals: Mapping[str, tuple[int, int]],
    support: int,
    level: float,
) -> Candidate | None:
    own = _tally(members)
    both = sorted(task for task, (_, many) in own.items() if totals[task][1] > many)
    strata = [Stratum(totals[task][0] - own[task][0], totals[task][1] - own[task][1], *own[task]) for task in both]
    others = proportion(sum(s.first_successes for s in strata), sum(s.first_total for s in strata), level)
    following = proportion(sum(s.second_successes for s in strata), sum(s.second_total for s in strata), level)
    difference = compare(strata, level, screening=True) if min(following.total, others.total) >= support else None
    if difference is None:
        return None
    compared = set(both)
    counted = [one for one in members if one.task in compared]
    failed = sorted(one.run.execution_id for one in counted if not one.good)
    return Candidate(
        prefix=prefix,
        following=following,
        others=others,
        difference=difference,
        agents=dict(sorted(Counter(one.run.agent_id for one in counted).items(), key=lambda item: (-item[1], item[0]))),
        examples=tuple(failed[:_EXAMPLES]),
    )


def judged(groups: Sequence[Sequence[Candidate]], level: float) -> list[tuple[FailurePrefix, ...]]:
    """The candidates of each group, false discoveries controlled over all of all groups, the most telling first.

    Most telling is the beginning whose effect is surely largest: the upper end of the interval is lowest. Of equals the
    shorter comes first.
    """
    flat = [candidate for group in groups for candidate in group]
    q_values = iter(benjamini_hochberg([candidate.difference.p_value for candidate in flat]))
    return [
        tuple(
            sorted(
                (_judged(candidate, next(q_values), level) for candidate in group),
                key=lambda found: (
                    not found.clear,
                    found.difference.interval.high,
                    len(found.prefix),
                    found.prefix,
                ),
            )
        )
        for group in groups
    ]


def _judged(candidate: Candidate, q_value: float, level: float) -> FailurePrefix:
    return FailurePrefix(
        prefix=candidate.prefix,
        following=candidate.following,
        others=candidate.others,
        difference=candidate.difference,
        q_value=q_value,
        clear=q_value <= 1 - level and candidate.difference.interval.high < 0,
        agents=candidate.agents,
        examples=candidate.examples,
    )
