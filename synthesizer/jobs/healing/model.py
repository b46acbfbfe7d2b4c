"""What the job ``healing`` reads and answers: what helps after a failure."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.jobs.divergence.model import Verdict
from soma.synthesizer.stats import Difference, Estimate, Proportion

By = Literal["role", "tool"]
Within = Literal["agent and task", "agent"]


class Tried(msgspec.Struct, frozen=True):
    """The first failure of a kind in an execution; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    kind: str
    next_kind: str
    failures: int | None
    change: float | None


class Transition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """After a failed action of one kind, one kind of next action, beside all other next actions after such a failure.

    Attributes:
        failed, then: Kind of what failed, and of what was tried next.
        executions: In which it was tried first; ``others``: in which something else was.
        recovered, base: Those in which none of the next ``horizon`` actions failed, of those that went on so long:
            after this one, and after all others.
        within: What the differences are made within: agent and task, or agent where both never met on a task.
        difference: This minus the others; ``None`` where both never met.
        change, base_change: Mean change of pressure from the failure to ``horizon`` actions after what was tried;
            ``None`` where pressures are not kept.
        change_difference: This minus the others, agents and tasks drawn as clusters.
        q_value: Of the difference, adjusted over all transitions. verdict: By the difference.
    """

    failed: str
    then: str
    executions: int
    others: int
    recovered: Proportion
    base: Proportion
    within: Within
    difference: Difference | None
    change: float | None
    base_change: float | None
    change_difference: Estimate | None
    q_value: float | None
    verdict: Verdict


class Healing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every transition after a failure that was tried often enough to be told, the most frequent failures first.

    Attributes:
        by: What kinds are: roles of tools, or tools. horizon: Actions looked at after what was tried.
        failures: First failures with a next action. ended: Of them, runs that ended before the horizon: not counted.
        rare: Transitions of fewer than ``least`` executions, not listed; they count among the others.
        delta: Differences below it do not matter. level: Of all intervals; ``1 - level`` bounds false discoveries.
        notes: Why there is no, or only a partial, answer.
    """

    by: By
    horizon: int
    transitions: tuple[Transition, ...]
    failures: int
    ended: int
    rare: int
    least: int
    delta: float
    level: float
    notes: tuple[str, ...]
