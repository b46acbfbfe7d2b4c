"""Which of the executions still running after k decisions will fail: scores held against two plain baselines. Pure.

An execution counts as running after k decisions if it made one more choice; how long it ran in the end, or how it
ended, is not asked. Pairs of a failure and a success are made inside one framework, at the same k.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from soma.identity import digest
from soma.synthesizer.stats import Clustered, Pairs, concordance, concordance_difference, wins

from .model import LEAST_TASKS, MARGIN, Area, Trace, Verdict
from .subjects import error_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST = 1500
_PRIOR = 2.0
_FOR_MARGIN = 32
"""Executions of the scarcer outcome for an interval of ±0.1 around a worthless score: its variance is 1/(12 m)."""


class Side(msgspec.Struct, frozen=True):
    """Failures and successes of one framework that were still running, and what the baselines say of each pair."""

    failed: list[Trace]
    succeeded: list[Trace]
    agent: Floats
    errors: Floats

    @property
    def tasks(self) -> tuple[list[str], list[str]]:
        """Tasks of both sides."""
        return [trace.task for trace in self.failed], [trace.task for trace in self.succeeded]


class Moment(msgspec.Struct, frozen=True):
    """All frameworks after so many decisions; those with failures and successes only."""

    after: int
    sides: list[Side]

    def area(self, score: Callable[[Trace], float], level: float) -> Area:
        """The area of a score with its differences to the baselines; verdicts come when all p-values are known."""
        own = [
            wins([score(trace) for trace in side.failed], [score(trace) for trace in side.succeeded])
            for side in self.sides
        ]
        return self._area(own, level)

    def agents(self, level: float) -> Area:
        """The area of the plain baseline which agent it is."""
        return self._area([side.agent for side in self.sides], level)

    def _area(self, own: Sequence[Floats], level: float) -> Area:
        auc = concordance([_pairs(side, table) for side, table in zip(self.sides, own, strict=True)], level)
        over = [
            concordance_difference(
                [_pairs(side, table - base(side)) for side, table in zip(self.sides, own, strict=True)], level
            )
            for base in (_agent, _errors)
        ]
        return Area(
            after=self.after, failed=sum(len(side.failed) for side in self.sides),
            succeeded=sum(len(side.succeeded) for side in self.sides), auc=auc, q_value=None, over_agent=over[0],
            over_errors=over[1], verdict="not enough data", more=more_needed(auc),
        )  # fmt: skip


def moment(traces: Sequence[Trace], after: int) -> Moment:
    """The executions still running ``after`` so many decisions, by framework.

    Of more than 1,500 failures or successes of a framework so many are taken, in the order of a digest of their ids.
    """
    by_framework: dict[str, tuple[list[Trace], list[Trace]]] = defaultdict(lambda: ([], []))
    for trace in traces:
        if trace.running > after:
            by_framework[trace.framework][trace.failed].append(trace)
    sides = []
    for framework in sorted(by_framework):
        succeeded, failed = map(_some, by_framework[framework])
        if failed and succeeded:
            errors = [[error_share(trace.steps[:after]) for trace in side] for side in (failed, succeeded)]
            sides.append(Side(failed, succeeded, agent_wins(failed, succeeded), wins(*errors)))
    return Moment(after, sides)


def agent_wins(failed: Sequence[Trace], succeeded: Sequence[Trace]) -> Floats:
    """Of every pair, whether the failure's agent fails more on other tasks than the success's; ties count half.

    "Other tasks" are those of neither of the two, among the executions that are still running. Leaving out only the
    execution's own task would make an agent look better wherever one of its failures is left out, and so rank every
    failure below every success of a single agent (Parker, Günter & Bedo, *BMC Bioinformatics* 8 (2007) 326; the cure is
    to leave out the pair: Airola et al., *Computational Statistics & Data Analysis* 55 (2011) 1828-1844). Rates are
    drawn towards that of all agents as by two more executions.
    """
    import numpy as np

    both = [*failed, *succeeded]
    agents = {name: place for place, name in enumerate(sorted({trace.agent_id for trace in both}))}
    tasks = {name: place for place, name in enumerate(sorted({trace.task for trace in both}))}
    many, lost = np.zeros((len(agents), len(tasks))), np.zeros((len(agents), len(tasks)))
    for trace in both:
        many[agents[trace.agent_id], tasks[trace.task]] += 1
        lost[agents[trace.agent_id], tasks[trace.task]] += trace.failed
    rows, columns = (np.array([agents[trace.agent_id] for trace in side]) for side in (failed, succeeded))
    down, across = (np.array([tasks[trace.task] for trace in side]) for side in (failed, succeeded))
    other = (down[:, None] != across[None, :]).astype(np.float64)

    def elsewhere(table: Floats, agent: NDArray[np.intp]) -> Floats:
        found: Floats = table.sum(axis=1)[agent] - table[agent, down[:, None]] - other * table[agent, across[None, :]]
        return found

    def everywhere(table: Floats) -> Floats:
        by_task = table.sum(axis=0)
        found: Floats = by_task.sum() - by_task[down][:, None] - other * by_task[across][None, :]
        return found

    pool = (everywhere(lost) + _PRIOR / 2) / (everywhere(many) + _PRIOR)
    rates = [
        (elsewhere(lost, agent) + _PRIOR * pool) / (elsewhere(many, agent) + _PRIOR)
        for agent in (rows[:, None], columns[None, :])
    ]
    ahead = np.where(np.abs(rates[0] - rates[1]) < 1e-12, 0.0, np.sign(rates[0] - rates[1]))
    ahead[rows[:, None] == columns[None, :]] = 0.0
    answer: Floats = 0.5 * (ahead + 1)
    return answer


def more_needed(auc: Clustered | None) -> int:
    """How many more tasks of the scarcer side it takes to know an area to ±0.1; 0 where it is known so well."""
    if auc is None or auc.interval is None or auc.clusters < LEAST_TASKS:
        return _FOR_MARGIN - (auc.clusters if auc else 0)
    half = (auc.interval.high - auc.interval.low) / 2
    return max(0, round(auc.clusters * ((half / MARGIN) ** 2 - 1)))


def judged(area: Area, q_value: float, level: float) -> Area:
    """The area with its verdict."""
    auc = area.auc
    verdict: Verdict = "not enough data"
    if auc is not None and auc.interval is not None and auc.clusters >= LEAST_TASKS:
        if q_value <= 1 - level and auc.interval.excludes(0.5):
            verdict = "signal"
        elif auc.interval.low >= 0.5 - MARGIN and auc.interval.high <= 0.5 + MARGIN:
            verdict = "no signal"
    return msgspec.structs.replace(area, q_value=q_value, verdict=verdict)


def _pairs(side: Side, table: Floats) -> Pairs:
    return Pairs(table, *side.tasks)


def _agent(side: Side) -> Floats:
    return side.agent


def _errors(side: Side) -> Floats:
    return side.errors


def _some(side: Sequence[Trace]) -> list[Trace]:
    chosen = side if len(side) <= _MOST else sorted(side, key=lambda trace: digest(trace.execution_id))[:_MOST]
    return sorted(chosen, key=lambda trace: trace.execution_id)
