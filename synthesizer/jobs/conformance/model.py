"""What the job ``conformance`` reads and answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Difference, Proportion

Kind = Literal["missing", "extra", "instead", "moved", "repeated"]
Scope = Literal["task", "agent"]
Measure = Literal["success", "status"]
Verdict = Literal["different", "alike", "not enough data"]


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``query.sql``.

    ``actions`` are joined by U+001F, ``decisions`` by commas; ``None``: the source records no choice of it.
    """

    execution_id: str
    agent_id: str
    status: str
    success: bool | None
    actions: str | None
    decisions: str | None


class Owner(msgspec.Struct, frozen=True):
    """An execution and its agent; fields in the order of the columns of ``owner.sql``."""

    execution_id: str
    agent_id: str


class Places(msgspec.Struct, frozen=True):
    """The decisions that open the places of a path; fields in the order of the columns of ``decisions.sql``."""

    execution_id: str
    decision_ids: list[str]


class Move(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One departure of an execution from the usual path nearest to it.

    Attributes:
        kind: ``missing``: usual, but not done; ``extra``: done, but not usual; ``instead``: another action than usual;
            ``moved``: done at another place than usual; ``repeated``: more often in a row than usual.
        step: Place in the execution's path, from 1; of a missing action the place before which it belongs.
        decision_id: The first decision of that place; of a missing action the one it should have followed or preceded.
        action: What was done, or is missing.
        usual: What is usual there instead.
        times: How often in a row it was done.
        usual_times: How often in a row others do it (median); for ``repeated`` only.
        others: How many of the ``of`` other executions do the same: make this visit, this sequence of two, so many
            repeats. Of a missing action: how many do it.
        cost: What it takes from conformance, in places: 0 to 2.
    """

    kind: Kind
    step: int
    action: str
    others: int
    of: int
    cost: float
    usual: str | None = None
    times: int = 1
    usual_times: int | None = None
    decision_id: str | None = None


class Checked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One execution against the model that the others of its agent make.

    Attributes:
        conformance: 0 to 1: docs/conformance.md; ``None``: too few others.
        scope: Whether the model is of its agent on its task, or of its agent on all tasks.
        support: Other executions the model is made of. same_path: how many of these took the very same path.
        path: The execution's path. usual_path: the usual path nearest to it; usual_runs: how many others take that.
        moves: Departures that cost something, in the order of steps.
        free_moves: Departures that cost nothing, because enough others make them as well.
        agentflow: The figure AgentFlow defines, for comparison.
    """

    execution_id: str
    agent_id: str
    task: str | None
    outcome: bool | None
    conformance: float | None
    scope: Scope | None
    support: int
    same_path: int
    path: tuple[str, ...]
    usual_path: tuple[str, ...]
    usual_runs: int
    moves: tuple[Move, ...]
    free_moves: int
    agentflow: float


class Relation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether conformance goes with the outcome: the less conforming runs against the others, by task.

    Attributes:
        below: Runs below this conformance (the agent's median) are the less conforming ones.
        conforming, deviating: How they did. difference: deviating minus conforming on the same tasks.
        q_value: Adjusted over all agents asked about.
    """

    measure: Measure
    below: float
    conforming: Proportion
    deviating: Proportion
    difference: Difference | None
    q_value: float | None
    verdict: Verdict


class Spread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The distribution of conformance over runs: the least, tenth, half, nine tenths; and how many depart at all."""

    least: float
    tenth: float
    median: float
    ninetieth: float
    full: int
    agentflow_median: float


class AgentConformance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All executions of one agent.

    Attributes:
        executions: All; of these: scored, too_few (not enough others), silent (no choice recorded).
        by_task: How many of the scored were measured against runs of their own task.
        capped: Of the scored, those on a path of their own among so many others that not all usual paths may have been
            searched for the nearest.
        least: The least conforming ones with their moves.
    """

    agent_id: str
    executions: int
    scored: int
    too_few: int
    silent: int
    by_task: int
    capped: int
    spread: Spread | None
    relation: Relation | None
    least: tuple[Checked, ...]


class Conformance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer: every agent asked about, and in ``execution`` the one execution when one was asked for."""

    agents: tuple[AgentConformance, ...]
    execution: Checked | None
    task: str | None
    least_others: int
    delta: float
    level: float
    notes: tuple[str, ...]
