"""How far an execution keeps to what the other runs of its agent and task usually do, move by move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.wording import plain

from .compute import Question, conformance_of
from .model import Conformance, Owner, Places, Run


def run(
    vault: Queryable,
    agent: str | None = None,
    task: str | None = None,
    execution: str | None = None,
    *,
    limit: int = 10,
    delta: float = 0.10,
    level: float = 0.95,
) -> Conformance:
    """Measures executions against the model that the other executions of their agent (and task) make.

    Args:
        vault: The snapshot to answer from.
        agent: Only this agent.
        task: Only runs of the tasks of this key or label, or whose label contains it.
        execution: One execution in full; the beginning of its id is enough.
        limit: How many of the least conforming runs per agent to list with their moves.
        delta: A difference of success below this does not matter.
        level: Of the intervals.

    Raises:
        NothingFound: if no execution, or more than one, has an id that begins so.
    """
    if execution is not None:
        owner = _owner(vault, execution)
        agent, execution = owner.agent_id, owner.execution_id
    question = Question(task=task, execution=execution, limit=limit, delta=delta, level=level)

    def decisions_of(executions: Sequence[str]) -> Mapping[str, Sequence[str]]:
        rows = answer(vault, Places, __name__, "decisions", (list(executions),))
        return {row.execution_id: row.decision_ids for row in rows}

    return conformance_of(
        answer(vault, Run, __name__, "query", (agent, agent)), tasks.run(vault), decisions_of, question
    )


def _owner(vault: Queryable, execution: str) -> Owner:
    found = answer(vault, Owner, __name__, "owner", (execution,))
    if not found or (len(found) > 1 and found[0].execution_id != execution):
        several = ", ".join(plain(owner.execution_id, 80) for owner in found[:5])
        hint = f"several begin so: {several}" if found else "soma signatures names runs"
        few = "several executions have" if found else "no execution has"
        raise NothingFound(f"{few} an id that begins {plain(execution, 80)!r}", hint=hint)
    return found[0]
