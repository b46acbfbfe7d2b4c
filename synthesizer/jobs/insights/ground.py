"""What all finders stand on: the executions with their tasks, read once, and whether a mark goes with the outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from soma.synthesizer.inputs import Queryable, answer, rows_of
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.tasks.model import Tasks
from soma.synthesizer.measure import did_well
from soma.synthesizer.queries import query
from soma.synthesizer.stats import Difference, Proportion, Stratum, compare, proportion

Measure = Literal["success", "status"]
Tables = dict[str, list[int]]
"""Stratum to counts: of the others and of the marked, how many did well and of how many that is known."""
LEAST = 5
"""Executions below which nothing is proposed."""


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``runs.sql``. ``tokens`` are input and output together."""

    execution_id: str
    parent_execution_id: str | None
    agent_id: str
    framework: str
    task_id: str | None
    model: str | None
    status: str
    success: bool | None
    duration_ms: float | None
    tokens: int | None
    cost_usd: float | None
    operator_id: str | None = None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """How executions with a mark end beside those without it.

    Attributes:
        marked, others: How many did well by ``measure``, of those where it is known, in strata that have both.
        difference: Marked minus others, compared stratum by stratum.
    """

    measure: Measure
    marked: Proportion
    others: Proportion
    difference: Difference


class Ground:
    """One snapshot as the finders see it. No table of insights or proposals is read: soma does not learn from itself.

    Attributes:
        vault: Where a finder asks for more.
    """

    def __init__(self, vault: Queryable) -> None:
        self.vault = vault

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Executions by id, in the order of ids, without abandoned branches."""
        return {run.execution_id: run for run in answer(self.vault, Run, __package__, "runs")}

    @cached_property
    def by_agent(self) -> dict[str, list[Run]]:
        """The same by agent, in the order of names and ids."""
        grouped: dict[str, list[Run]] = defaultdict(list)
        for run in self.runs.values():
            grouped[run.agent_id].append(run)
        return dict(sorted(grouped.items()))

    @cached_property
    def tasks(self) -> Tasks:
        """The tasks of top-level executions."""
        return tasks.run(self.vault)

    def task_of(self, execution_id: str) -> str:
        """Key of the execution's task; empty where it has none."""
        return self.tasks.assignments.get(execution_id, "")

    def own_task_of(self, execution_id: str) -> str:
        """The same for any execution: of a delegated one the task its source names."""
        return self.task_of(execution_id) or self.runs[execution_id].task_id or ""

    @cached_property
    def operators(self) -> dict[str, str]:
        """Operators by execution, of those that name one."""
        return {run.execution_id: run.operator_id for run in self.runs.values() if run.operator_id is not None}

    def operators_of(self, evidence: Sequence[Collection[str]]) -> list[int]:
        """How many different operators the executions and decisions name, of the evidence of each finding."""
        if not self.operators:
            return [0] * len(evidence)
        wanted = sorted({each for own in evidence for each in own if each not in self.runs})
        found = rows_of(self.vault, query(__package__, "executions_of"), (wanted,)) if wanted else ()
        executions_of: dict[str, list[str]] = defaultdict(list)
        for decision, execution in found:
            executions_of[decision].append(execution)
        return [
            len(
                {
                    self.operators[execution]
                    for each in own
                    for execution in (each, *executions_of.get(each, ()))
                    if execution in self.operators
                }
            )
            for own in evidence
        ]

    def tasks_of(self, executions: Iterable[str]) -> tuple[str, ...]:
        """The different tasks of these executions, in order."""
        assignments = self.tasks.assignments
        return tuple(sorted({task for execution in executions if (task := assignments.get(execution))}))

    def effect(
        self, marked: Collection[str], among: Iterable[Run], *, stratum: Callable[[Run], str] | None = None
    ) -> Effect | None:
        """How executions in ``marked`` end beside the others of ``among``, compared stratum by stratum.

        By success where that is known of enough of both, else by how the runs ended.

        Args:
            marked: Execution ids.
            among: All executions looked at.
            stratum: What must be equal for executions to be compared, empty for those that are not; by default agent
                and task, so that runs whose task is not known are not compared.
        """
        runs = list(among)
        for measure in ("success", "status"):
            found = _effect(measure, marked, runs, stratum or self._agent_and_task)
            if found is not None:
                return found
        return None

    def effect_by_task(self, marked: Collection[str]) -> Effect | None:
        """How executions in ``marked`` end beside all others of the same tasks: as ``effect`` over all executions.

        What all executions amount to is counted once, so that an answer costs as much as it has marked ones.
        """
        for measure in ("success", "status"):
            found = _told(measure, self._beside(marked, measure))
            if found is not None:
                return found
        return None

    @cached_property
    def _by_task(self) -> dict[Measure, Tables]:
        return {measure: _counted(measure, self._of_task(self.runs)) for measure in ("success", "status")}

    def _of_task(self, executions: Iterable[str]) -> list[tuple[Run, str]]:
        runs, assignments = self.runs, self.tasks.assignments
        return [(run, task) for each in executions if (run := runs.get(each)) and (task := assignments.get(each))]

    def _beside(self, marked: Collection[str], measure: Measure) -> Tables:
        whole, own = self._by_task[measure], _counted(measure, self._of_task(marked))
        return {
            task: [whole[task][0] - good, whole[task][1] - known, good, known]
            for task, (good, known, *_) in own.items()
        }

    def _agent_and_task(self, run: Run) -> str:
        task = self.task_of(run.execution_id)
        return f"{run.agent_id}\x1f{task}" if task else ""


def _effect(
    measure: Measure, marked: Collection[str], runs: Iterable[Run], stratum: Callable[[Run], str]
) -> Effect | None:
    tables: Tables = defaultdict(lambda: [0, 0, 0, 0])
    for run in runs:
        good, key = did_well(run, measure), stratum(run)
        if good is not None and key:
            place = 2 if run.execution_id in marked else 0
            tables[key][place] += good
            tables[key][place + 1] += 1
    return _told(measure, tables)


def _counted(measure: Measure, runs: Iterable[tuple[Run, str]]) -> Tables:
    """Per stratum how many did well, and of how many that is known."""
    tables: Tables = defaultdict(lambda: [0, 0])
    for run, key in runs:
        good = did_well(run, measure)
        if good is not None:
            tables[key][0] += good
            tables[key][1] += 1
    return tables


def _told(measure: Measure, tables: Tables) -> Effect | None:
    both = [table for _, table in sorted(tables.items()) if table[1] and table[3]]
    others, with_mark = (proportion(sum(t[at] for t in both), sum(t[at + 1] for t in both)) for at in (0, 2))
    if min(others.total, with_mark.total) < LEAST:
        return None
    difference = compare((Stratum(*table) for table in both), screening=True)
    assert difference is not None  # noqa: S101 - every stratum has both sides
    return Effect(measure=measure, marked=with_mark, others=others, difference=difference)
