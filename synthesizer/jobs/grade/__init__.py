"""Every pattern, floor and signal, and the aggregate, held against how executions ended: what predicts failure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.synthesizer.agents import agent_names, require_known
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.kept import kept
from soma.synthesizer.queries import query

from .compute import grades_of, traces_of
from .model import Answered, Grades, Held, Learned, Run, Trace

__all__ = ["Answered", "Grades", "Run", "Trace", "read", "run"]


def run(
    vault: Queryable,
    *,
    agent: str | None = None,
    framework: str | None = None,
    answered: Sequence[Answered] | None = None,
    patterns: Sequence[str] = (),
    level: float = 0.95,
) -> Grades:
    """What predicts failure in the executions whose success is known.

    Args:
        vault: The snapshot to answer from.
        agent: Only executions of this agent.
        framework: Only executions of this framework.
        answered: What the engine answered to every decision; by default what the vault keeps.
        patterns: Names of all patterns there are, so that those that never matched are told.
        level: Of all intervals; ``1 - level`` is the false discovery rate in each group.

    Raises:
        NothingFound: if the vault holds no execution of that agent.
    """
    if agent is not None:
        require_known(agent, agent_names(vault))
    if answered is not None or patterns:
        return _graded(vault, agent, framework, answered, patterns, level)
    # Whoever replays anew, or trains anew, changes the answer without a harvest.
    made = vault.sql(query(__name__, "made_from"))["made_from"][0].as_py()
    parameters = {"agent": agent, "framework": framework, "level": level, "madeFrom": made}
    return kept(vault, "grade", parameters, Grades, lambda: _graded(vault, agent, framework, None, (), level))


def _graded(
    vault: Queryable, agent: str | None, framework: str | None, answered: Sequence[Answered] | None,
    patterns: Sequence[str], level: float,
) -> Grades:  # fmt: skip
    traces, left_out = read(vault, answered=answered)
    chosen = [trace for trace in traces if agent in (None, trace.agent_id) and framework in (None, trace.framework)]
    counted = vault.sql(query(__name__, "unknown"), (agent, agent, framework, framework))
    return grades_of(
        chosen, agent=agent, framework=framework, unknown=int(counted["unknown"][0].as_py()), not_replayed=left_out,
        patterns=patterns, learned=_learned(vault, agent, framework), level=level,
    )  # fmt: skip


def read(vault: Queryable, *, answered: Sequence[Answered] | None = None) -> tuple[list[Trace], int]:
    """The executions whose success and pressure are known; and how many are left out for want of a pressure."""
    rows = answer(vault, Answered, __name__, "readings") if answered is None else answered
    return traces_of(answer(vault, Run, __name__, "query"), rows, tasks.run(vault).assignments)


def _learned(vault: Queryable, agent: str | None, framework: str | None) -> list[Learned]:
    """What ``soma calibrate`` stored: of all agents, so not told of one alone."""
    if agent is not None:
        return []
    rows = answer(vault, Held, __name__, "held_out")
    cells = [cell for row in rows for cell in msgspec.json.decode(row.held_out, type=list[Learned])]
    return [cell for cell in cells if cell.framework is None or framework in (None, cell.framework)]
