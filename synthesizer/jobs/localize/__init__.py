"""Which decision made a run fail: the decisions of one failed execution, the most blamed first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.chain import Read
from soma.synthesizer.queries import query

from .compute import answer_for, blame, localisation_among, localisation_of
from .followers import Known
from .model import Localisation, Path, Run, Step
from .value import drops_among

_NO_CHOICES = frozenset({"failure", "guard"})


def run(vault: Queryable, execution: str, *, assignments: Mapping[str, str] | None = None) -> Localisation:
    """The decisions of one execution of the vault; the beginning of its id is enough when only one fits.

    Args:
        vault: A snapshot.
        execution: The id.
        assignments: Execution to task as ``tasks.run`` gives it, where the caller has it already.

    Raises:
        NothingFound: if no execution, or more than one, has such an id.
    """
    found, steps = read(vault, execution)
    if answer_for(found, steps) != "ranked":
        return localisation_of(found, steps, ())
    return localisation_of(found, steps, peers(vault, found.execution_id, assignments))


def read(vault: Queryable, execution: str) -> tuple[Run, list[Step]]:
    """A run and its choices in order.

    Raises:
        NothingFound: if no execution, or more than one, has such an id.
    """
    found = answer(vault, Run, __name__, "run", (execution, execution))
    found = [run for run in found if run.execution_id == execution] or found
    if not found:
        raise NothingFound(
            f"there is no execution {execution!r}", hint="soma signatures names an execution of every path"
        )
    if len(found) > 1:
        some = ", ".join(run.execution_id for run in found[:5])
        raise NothingFound(f"{len(found)} executions begin with {execution!r}", hint=f"name one of them: {some}")
    return found[0], answer(vault, Step, __name__, "query", (found[0].agent_id, found[0].execution_id))


def peers(vault: Queryable, execution_id: str, assignments: Mapping[str, str] | None = None) -> list[Path]:
    """The paths of all runs of the same task whose success is known, the run itself among them; none without a task."""
    of_task = tasks.run(vault).assignments if assignments is None else assignments
    task = of_task.get(execution_id)
    if task is None:
        return []
    alike = sorted(other for other, its in of_task.items() if its == task)
    return answer(vault, Path, __name__, "peers", (alike, execution_id))


def several(vault: Queryable, read: Mapping[str, Read]) -> dict[str, Localisation]:
    """Execution id to what ``run`` answers of it, for executions whose rows were read already.

    The paths of the vault are gone through once, however many executions are asked about.
    """
    runs = {
        execution: Run(*(rows.execution[name] for name in Run.__struct_fields__)) for execution, rows in read.items()
    }
    steps = {execution: _steps(rows) for execution, rows in read.items()}
    ranked = [execution for execution, its in runs.items() if answer_for(its, steps[execution]) == "ranked"]
    of_task = tasks.run(vault).assignments if ranked else {}
    wanted = {of_task[execution] for execution in ranked if execution in of_task}
    known = Known(vault.sql(query(__name__, "known")), of_task, wanted) if wanted else None
    paths = {path.execution_id: path for path in answer(vault, Path, __name__, "own", (ranked,))} if wanted else {}
    found = {}
    for execution, its in runs.items():
        task = of_task.get(execution) if execution in ranked else None
        if known is None or task is None:
            found[execution] = localisation_of(its, steps[execution], ())
            continue
        own = paths.get(execution)
        told = known.followed(execution, own.actions if own else (), task)
        found[execution] = localisation_among(
            its, steps[execution], drops_among(own, told) if own else {}, told[0].runs
        )
    return found


def _steps(rows: Read) -> list[Step]:
    return [_step(row) for row in rows.decisions if row["kind"] not in _NO_CHOICES]


def _step(row: Mapping[str, Any]) -> Step:
    evidence = f"{row['source_id']}:{row['source_offset']}+{row['source_length']}"
    return Step(**{name: row[name] for name in Step.__struct_fields__ if name != "evidence"}, evidence=evidence)


__all__: Sequence[str] = ["Localisation", "Path", "Run", "Step", "blame", "peers", "read", "run", "several"]
