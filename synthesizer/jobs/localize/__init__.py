"""Which decision made a run fail: the decisions of one failed execution, the most blamed first."""

from __future__ import annotations

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer

from .model import Run, Step


def read(vault: Queryable, execution: str) -> tuple[Run, list[Step]]:
    """A run and its choices in order; the beginning of its id is enough when only one fits.

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
    return found[0], answer(vault, Step, __name__, "query", (found[0].execution_id,))
