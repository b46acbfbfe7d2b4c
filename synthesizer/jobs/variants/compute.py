"""From executions to the few paths most of them take: pure, and the same whatever order rows come in."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from soma.synthesizer.jobs.tasks.model import Task, Tasks
from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Proportion, proportion
from soma.synthesizer.wording import number

from .model import Group, Run, Scope, Spread, Variant, Variants
from .prefixes import candidates, judged, measure_of

_ROUNDING = 1e-9
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


class Part(msgspec.Struct, frozen=True):
    """The executions of a group, before anything is counted."""

    scope: Scope
    agent: str | None
    task: str | None
    runs: list[Run]


def asked(tasks: Tasks, words: str | None) -> dict[str, Task]:
    """The tasks meant by ``words``: of this key or label, else those whose label contains them; all for ``None``."""
    if words is None:
        return {task.key: task for task in tasks.tasks}
    exact = [task for task in tasks.tasks if words in (task.key, task.label, *task.ids)]
    near = exact or [task for task in tasks.tasks if words.casefold() in task.label.casefold()]
    return {task.key: task for task in near}


def variants_of(runs: Sequence[Run], tasks: Tasks, question: Question) -> Variants:
    """The variants of every group that the question is about."""
    chosen = asked(tasks, question.task)
    task_of = tasks.assignments
    own = [
        run
        for run in sorted(runs, key=lambda run: run.execution_id)
        if (question.agent is None or run.agent_id == question.agent)
        and (question.task is None or task_of.get(run.execution_id) in chosen)
    ]
    parts, thin = _parts(own, task_of, question)
    tried = [candidates(part.runs, task_of, measure_of(part.runs), question.level) for part in parts]
    found = judged(tried, question.level)
    groups = [
        msgspec.structs.replace(
            _group(part, chosen, task_of, question),
            tried=len(own_tried),
            failure=next((one for one in own_found if one.clear), None),
            beginnings=own_found,
        )
        for part, own_tried, own_found in zip(parts, tried, found, strict=True)
    ]
    return Variants(
        groups=tuple(groups),
        agent=question.agent,
        task=question.task,
        min_coverage=question.min_coverage,
        level=question.level,
        least=question.least,
        thin=thin,
        executions=len(own),
        not_known=tuple(_not_known(own, task_of)),
    )


def _parts(runs: Sequence[Run], task_of: Mapping[str, str], question: Question) -> tuple[list[Part], int]:
    by_agent: dict[str, list[Run]] = defaultdict(list)
    by_task: dict[str, list[Run]] = defaultdict(list)
    by_both: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        by_agent[run.agent_id].append(run)
        if (task := task_of.get(run.execution_id)) is not None:
            by_task[task].append(run)
            by_both[run.agent_id, task].append(run)
    parts = []
    if question.agent is None and question.task is None and runs:
        parts.append(Part("all", None, None, list(runs)))
    if question.task is None:
        parts += [Part("agent", agent, None, members) for agent, members in by_agent.items()]
    if question.agent is None and question.task is not None:
        parts += [Part("task", None, task, members) for task, members in by_task.items()]
    least = 1 if question.task is not None else question.least
    thin = sum(len(members) < least for members in by_both.values())
    parts += [
        Part("agent and task", agent, task, members)
        for (agent, task), members in by_both.items()
        if len(members) >= least
    ]
    parts.sort(key=lambda part: (_SCOPES.index(part.scope), -len(part.runs), part.agent or "", part.task or ""))
    return parts, thin


def _group(part: Part, tasks: Mapping[str, Task], task_of: Mapping[str, str], question: Question) -> Group:
    paths: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in part.runs:
        paths[tuple(run.actions or ())].append(run)
    order = sorted(paths, key=lambda path: (-len(paths[path]), path))
    whole = len(part.runs)
    variants: list[Variant] = []
    covered = covering = covered_by_these = 0
    for path in order:
        if covered < question.min_coverage * whole - _ROUNDING:
            covering += 1
            covered_by_these += len(paths[path])
        covered += len(paths[path])
        if len(variants) < question.most:
            variants.append(_variant(path, paths[path], whole, covered / whole, task_of, question.level))
    return Group(
        scope=part.scope,
        agent_id=part.agent,
        task=part.task,
        task_label=tasks[part.task].label if part.task is not None else None,
        executions=whole,
        variants=tuple(variants),
        variants_total=len(order),
        covering=covering,
        covered=covered_by_these,
        measure=measure_of(part.runs),
        success=_success(part.runs, question.level),
        completed=_completed(part.runs, question.level),
        tried=0,
        failure=None,
        beginnings=(),
        unrecorded=len(paths.get((), ())),
    )


def _variant(
    path: tuple[str, ...], runs: Sequence[Run], whole: int, covered: float, task_of: Mapping[str, str], level: float
) -> Variant:
    measure = measure_of(runs)
    failed = [run.execution_id for run in runs if did_well(run, measure) is False]
    return Variant(
        path=path,
        executions=len(runs),
        share=proportion(len(runs), whole, level),
        covered=covered,
        success=_success(runs, level),
        completed=_completed(runs, level),
        duration_ms=_spread(run.duration_ms for run in runs),
        cost_usd=_spread(run.cost_usd for run in runs),
        agents=len({run.agent_id for run in runs}),
        tasks=len({task_of[run.execution_id] for run in runs if run.execution_id in task_of}),
        example=min(failed or [run.execution_id for run in runs]),
    )


def _success(runs: Sequence[Run], level: float) -> Proportion | None:
    known = [run.success for run in runs if run.success is not None]
    return proportion(sum(known), len(known), level) if known else None


def _completed(runs: Sequence[Run], level: float) -> Proportion | None:
    ended = [run.status == "completed" for run in runs if run.status != "unknown"]
    return proportion(sum(ended), len(ended), level) if ended else None


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = sorted(value for value in values if value is not None)
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


def _not_known(runs: Sequence[Run], task_of: Mapping[str, str]) -> Iterable[str]:
    whole = number(len(runs), "run")
    for what, unknown in (
        ("success", sum(run.success is None for run in runs)),
        ("the end", sum(run.status == "unknown" for run in runs)),
        ("the task", sum(run.execution_id not in task_of for run in runs)),
        ("the path", sum(not run.actions for run in runs)),
        ("the duration", sum(run.duration_ms is None for run in runs)),
        ("the cost", sum(run.cost_usd is None for run in runs)),
    ):
        if unknown:
            yield f"{what} of {unknown:,} of {whole}"
