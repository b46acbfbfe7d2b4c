"""Runs that cost, use or take far more than the agent's other runs of the same task, and what they have in common."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs.insights.confidence import of_share
from soma.synthesizer.jobs.insights.discovery import chance_of, discovered
from soma.synthesizer.jobs.insights.ground import LEAST, Ground, Run
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import SHORT, of_runs
from soma.synthesizer.stats import Proportion, Stratum, compare, proportion
from soma.synthesizer.wording import duration, percent, plain

Measure = Literal["cost_usd", "tokens", "duration_ms"]
_MEASURES: tuple[Measure, ...] = ("cost_usd", "tokens", "duration_ms")
_VERB: Mapping[Measure, str] = {"cost_usd": "cost", "tokens": "use", "duration_ms": "take"}
COMMON = 0.05
"""Proposed where more than this share of an agent's runs lie beyond the fence."""
_FENCE = 1.5
_TASK = 8
_LOOP = 3
_EVIDENCE = 20


class Repeats(msgspec.Struct, frozen=True):
    """How often an execution took one action in a row; fields in the order of the columns of ``costs.sql``."""

    execution_id: str
    longest: int


class Outliers(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one agent beyond the fence of their task.

    Attributes:
        share: Of the runs of tasks that have a fence.
        beyond: Run to how many times the median of its agent and task it is.
        rest: The other runs of these tasks.
    """

    agent: str
    measure: Measure
    share: Proportion
    beyond: dict[str, float]
    rest: tuple[str, ...]


def find(ground: Ground) -> list[Finding]:
    """One finding per agent of whose runs more than one in twenty lie beyond the fence of their task."""
    candidates = [
        outliers
        for agent, runs in ground.by_agent.items()
        for measure in _MEASURES
        if (outliers := _beyond(ground, agent, runs, measure)) is not None
    ]
    found: dict[str, list[Outliers]] = defaultdict(list)
    for outliers, _ in discovered(candidates, [chance_of(one.share, COMMON, least=LEAST) for one in candidates]):
        if of_share(outliers.share, against=COMMON):
            found[outliers.agent].append(outliers)
    if not found:
        return []
    repeats = {row.execution_id: row.longest for row in answer(ground.vault, Repeats, __package__, "costs")}
    return [_finding(ground, agent, several, repeats) for agent, several in sorted(found.items())]


def upper_fence(values: Sequence[float]) -> float | None:
    """Upper quartile plus one and a half times the quartile distance, on a logarithmic scale; ``None`` without spread.

    Tukey, *Exploratory Data Analysis* (1977), section 2E, on logarithms as costs and durations are skewed. Of values
    whose logarithms are normal 0.35 % lie above.
    """
    low, _, high = statistics.quantiles([math.log(value) for value in values], n=4, method="inclusive")
    return math.exp(high + _FENCE * (high - low)) if high > low else None


def _beyond(ground: Ground, agent: str, runs: Sequence[Run], measure: Measure) -> Outliers | None:
    by_task: dict[str, list[tuple[str, float]]] = defaultdict(list)
    assignments = ground.tasks.assignments
    for run in runs:
        value = getattr(run, measure)
        task = assignments.get(run.execution_id) or run.task_id
        if task and value is not None and value > 0 and math.isfinite(value):
            by_task[task].append((run.execution_id, float(value)))
    beyond: dict[str, float] = {}
    rest: list[str] = []
    for _, members in sorted(by_task.items()):
        values = [value for _, value in members]
        fence = upper_fence(values) if len(members) >= _TASK else None
        if fence is None:
            continue
        middle = statistics.median(values)
        for execution, value in members:
            if value > fence:
                beyond[execution] = value / middle
            else:
                rest.append(execution)
    if len(beyond) < LEAST:
        return None
    share = proportion(len(beyond), len(beyond) + len(rest))
    return Outliers(agent=agent, measure=measure, share=share, beyond=beyond, rest=tuple(rest))


def _finding(ground: Ground, agent: str, several: Sequence[Outliers], repeats: Mapping[str, int]) -> Finding:
    first = several[0]
    order = sorted(first.beyond, key=lambda execution: (-first.beyond[execution], execution))
    words = [_told(ground, first)]
    words += [f"{percent(other.share.rate)} {_more(other)}." for other in several[1:]]
    words += _in_common(ground, first, repeats)
    return Finding(
        type="cost outlier",
        subject=agent,
        claim=" ".join(words),
        confidence=of_share(first.share, against=COMMON),
        estimate=first.share.rate,
        low=first.share.interval.low,
        high=first.share.interval.high,
        support=first.share.total,
        agents=(agent,),
        tasks=tuple(sorted({ground.own_task_of(execution) for execution in order})),
        evidence=tuple(order[:_EVIDENCE]),
    )


def _more(outliers: Outliers) -> str:
    unit = {"cost_usd": "", "tokens": " in tokens", "duration_ms": " in time"}[outliers.measure]
    times = statistics.median(outliers.beyond.values())
    return (
        f"{_VERB[outliers.measure]} far more{unit} than its other runs of the same task ({times:.1f} times its median)"
    )


def _told(ground: Ground, outliers: Outliers) -> str:
    values = [getattr(ground.runs[execution], outliers.measure) for execution in outliers.beyond]
    middle = statistics.median(values)
    shown = {
        "cost_usd": f"${middle:,.2f}", "tokens": f"{middle:,.0f} tokens", "duration_ms": duration(middle)
    }[outliers.measure]  # fmt: skip
    return (
        f"{of_runs(outliers.share).capitalize()} of {plain(outliers.agent, SHORT)} {_more(outliers)}, {shown} (median)."
    )


def _in_common(ground: Ground, outliers: Outliers, repeats: Mapping[str, int]) -> list[str]:
    """What goes with being beyond the fence: a long repeat of one action, a model; clear ones only."""
    marks: list[tuple[str, set[str]]] = []
    everyone = [*outliers.beyond, *outliers.rest]
    long = {execution for execution in everyone if repeats.get(execution, 0) >= _LOOP}
    marks.append((f"repeat one action at least {_LOOP} times in a row", long))
    models = Counter(ground.runs[execution].model for execution in outliers.beyond)
    for model in sorted(name for name in models if name):
        with_model = {execution for execution in everyone if ground.runs[execution].model == model}
        marks.append((f"run on {plain(model, SHORT)}", with_model))
    compared = [(words, _tables(ground, outliers, mark)) for words, mark in marks]
    tested = [(words, difference) for words, tables in compared if (difference := compare(tables)) is not None]
    clear = discovered(tested, [difference.p_value for _, difference in tested])
    said = []
    for (words, difference), _ in clear:
        mark = dict(marks)[words]
        if difference.estimate > 0:
            inside, outside = (
                percent(sum(execution in mark for execution in part) / len(part))
                for part in (list(outliers.beyond), outliers.rest)
            )
            said.append(f"{inside} of them {words}, {outside} of the others.")
    return said


def _tables(ground: Ground, outliers: Outliers, mark: set[str]) -> list[Stratum]:
    tables: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for place, part in ((0, outliers.rest), (2, outliers.beyond)):
        for execution in part:
            table = tables[ground.own_task_of(execution)]
            table[place] += execution in mark
            table[place + 1] += 1
    return [Stratum(*tables[task]) for task in sorted(tables)]
