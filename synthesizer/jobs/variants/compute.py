"""From executions to the few paths most of them take: pure, and the same whatever order rows come in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from soma.synthesizer.jobs.tasks.model import Task, Tasks
from soma.synthesizer.kept import Once, every_time
from soma.synthesizer.stats import proportion
from soma.synthesizer.walks import Measure, Walks, measure_of, share_of
from soma.synthesizer.wording import number

from .model import Group, Scope, Shown, Spread, Variant, Variants
from .prefixes import adjusted, beginnings_of, judged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_ROUNDING = 1e-9
_MEASURES: tuple[Measure, ...] = ("success", "status")
_SCOPES: tuple[Scope, ...] = ("all", "agent", "task", "agent and task")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        agent: Only executions of this agent. task: Only tasks of this key, or whose label contains it.
        min_coverage: Share of the executions that the counted variants must explain.
        least: Executions of one agent on one task from which on they are a group of their own.
        level: Of all intervals; ``1 - level`` bounds the share of false ones among the clear beginnings.
        most: Variants of a group to look into; all are counted.
    """

    agent: str | None = None
    task: str | None = None
    min_coverage: float = 0.8
    least: int = 5
    level: float = 0.95
    most: int = 200


class Bounds(NamedTuple):
    """Groups, and variants of each, that are told at most."""

    groups: int
    variants: int


class Part(NamedTuple):
    """The executions of a group, before anything is counted: their places among all."""

    scope: Scope
    agent: str | None
    task: str | None
    members: Ints


def asked(tasks: Tasks, words: str | None) -> dict[str, Task]:
    """The tasks meant by ``words``: of this key or label, else those whose label contains them; all for ``None``."""
    if words is None:
        return {task.key: task for task in tasks.tasks}
    exact = [task for task in tasks.tasks if words in (task.key, task.label, *task.ids)]
    near = exact or [task for task in tasks.tasks if words.casefold() in task.label.casefold()]
    return {task.key: task for task in near}


def variants_of(walks: Walks, tasks: Tasks, question: Question) -> Variants:
    """The variants of every group that the question is about."""
    return shown_of(walks, tasks, question).variants


def shown_of(
    walks: Walks, tasks: Tasks, question: Question, bounds: Bounds | None = None, once: Once = every_time
) -> Shown:
    """The same, of no more groups and variants than ``bounds`` allow; all are counted, and all beginnings judged.

    Others ask about the beginnings of all executions and of those of an agent too: ``once`` keeps these.
    """
    chosen = asked(tasks, question.task)
    keys, task_of = walks.tasks(tasks.assignments)
    own = _own(walks, keys, task_of, chosen, question)
    parts, thin = _parts(walks, own, keys, task_of, question)
    beginnings = [
        beginnings_of(
            walks,
            part.members,
            task_of,
            walks.measure_of(part.members),
            question.level,
            once if part.task is None else every_time,
        )
        for part in parts
    ]
    q_values = adjusted(beginnings)
    told = len(parts) if bounds is None else bounds.groups
    most = question.most if bounds is None else min(question.most, bounds.variants)
    groups = []
    for part, tried, q_value in list(zip(parts, beginnings, q_values, strict=True))[:told]:
        found = judged(tried, q_value)
        groups.append(
            msgspec.structs.replace(
                _group(walks, part, chosen, task_of, question, most),
                tried=len(tried.candidates),
                failure=next((one for one in found if one.clear), None),
                beginnings=found if bounds is None else (),
            )
        )
    variants = Variants(
        groups=tuple(groups),
        agent=question.agent,
        task=question.task,
        min_coverage=question.min_coverage,
        level=question.level,
        least=question.least,
        thin=thin,
        executions=len(own),
        not_known=tuple(_not_known(walks, own, task_of)),
    )
    return Shown(variants=variants, groups=len(parts))


def _own(walks: Walks, keys: Sequence[str], task_of: Ints, chosen: Mapping[str, Task], question: Question) -> Ints:
    """The executions that the question is about."""
    import numpy as np

    own = np.ones(len(walks.executions), dtype=np.bool_)
    if question.agent is not None:
        own &= np.array([name == question.agent for name in walks.agent_names], dtype=np.bool_)[walks.agents]
    if question.task is not None:
        own &= np.array([*(key in chosen for key in keys), False], dtype=np.bool_)[task_of]
    return walks.everyone[own]


def _parts(walks: Walks, own: Ints, keys: Sequence[str], task_of: Ints, question: Question) -> tuple[list[Part], int]:
    agents = walks.agents[own]
    tasked = own[task_of[own] >= 0]
    both = list(walks.by_label(tasked, walks.agents[tasked] * max(1, len(keys)) + task_of[tasked]))
    parts = []
    if question.agent is None and question.task is None and len(own):
        parts.append(Part("all", None, None, own))
    if question.task is None:
        parts += [
            Part("agent", walks.agent_names[walks.agents[members[0]]], None, members)
            for members in walks.by_label(own, agents)
        ]
    if question.agent is None and question.task is not None:
        parts += [
            Part("task", None, keys[task_of[members[0]]], members)
            for members in walks.by_label(tasked, task_of[tasked])
        ]
    least = 1 if question.task is not None else question.least
    thin = sum(len(members) < least for members in both)
    parts += [
        Part("agent and task", walks.agent_names[walks.agents[members[0]]], keys[task_of[members[0]]], members)
        for members in both
        if len(members) >= least
    ]
    parts.sort(key=lambda part: (_SCOPES.index(part.scope), -len(part.members), part.agent or "", part.task or ""))
    return parts, thin


def _group(walks: Walks, part: Part, tasks: Mapping[str, Task], task_of: Ints, question: Question, most: int) -> Group:
    import numpy as np

    taken = walks.taken[part.members]
    paths, counts = np.unique(taken, return_counts=True)
    order = np.lexsort((paths, -counts))
    whole = len(part.members)
    covered = np.cumsum(counts[order])
    covering = int((covered - counts[order] < question.min_coverage * whole - _ROUNDING).sum())
    by_path = dict(zip(paths.tolist(), walks.by_label(part.members, taken), strict=True))
    variants = [
        _variant(walks, walks.paths[path], by_path[path], whole, until / whole, task_of, question.level)
        for path, until in zip(paths[order][:most].tolist(), covered[:most].tolist(), strict=True)
    ]
    return Group(
        scope=part.scope,
        agent_id=part.agent,
        task=part.task,
        task_label=tasks[part.task].label if part.task is not None else None,
        executions=whole,
        variants=tuple(variants),
        variants_total=len(paths),
        covering=covering,
        covered=int(covered[covering - 1]) if covering else 0,
        measure=walks.measure_of(part.members),
        success=walks.share("success", part.members, question.level),
        completed=walks.share("status", part.members, question.level),
        tried=0,
        failure=None,
        beginnings=(),
        unrecorded=int(counts[0]) if walks.paths[paths[0]] == "" else 0,
    )


def _variant(
    walks: Walks, path: str, members: Ints, whole: int, covered: float, task_of: Ints, level: float
) -> Variant:
    # Most paths are taken once: lists of one are quicker than arrays of one.
    places = members.tolist()
    success, status = (walks.outcomes[measure][members].tolist() for measure in _MEASURES)
    outcomes = success if measure_of(len(success) - success.count(-1), len(success)) == "success" else status
    failed = [place for place, good in zip(places, outcomes, strict=True) if good == 0]
    return Variant(
        path=walks.words.path(path),
        executions=len(members),
        share=proportion(len(members), whole, level),
        covered=covered,
        success=share_of(success, level),
        completed=share_of(status, level),
        duration_ms=_spread(walks.durations_ms[members].tolist()),
        cost_usd=_spread(walks.costs_usd[members].tolist()),
        agents=len(set(walks.agents[members].tolist())),
        tasks=len(set(task_of[members].tolist()) - {-1}),
        example=walks.executions[(failed or places)[0]],
    )


def _spread(values: Iterable[float]) -> Spread | None:
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return None
    low, median, high = (_quantile(known, share) for share in (0.25, 0.5, 0.75))
    return Spread(known=len(known), low=low, median=median, high=high, total=math.fsum(known))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the order statistics: type 7 of Hyndman & Fan (1996)."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _not_known(walks: Walks, own: Ints, task_of: Ints) -> Iterable[str]:
    import numpy as np

    whole = number(len(own), "run")
    nothing = walks.paths.index("") if "" in walks.paths[:1] else -1
    for what, unknown in (
        ("success", walks.outcomes["success"][own] < 0),
        ("the end", walks.outcomes["status"][own] < 0),
        ("the task", task_of[own] < 0),
        ("the path", walks.taken[own] == nothing),
        ("the duration", np.isnan(walks.durations_ms[own])),
        ("the cost", np.isnan(walks.costs_usd[own])),
    ):
        if many := int(unknown.sum()):
            yield f"{what} of {many:,} of {whole}"
