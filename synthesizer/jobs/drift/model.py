"""What the job ``drift`` reads and answers. Times are epoch microseconds, durations milliseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.jobs.conformance.agentflow import Trend
from soma.synthesizer.stats import Difference, Proportion

Name = Literal["outcome", "actions", "duration", "cost", "tasks"]
Verdict = Literal["changed", "steady", "not enough data"]
Measure = Literal["success", "status"]


class Ratio(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many times larger a size became; ``interval`` ends at ``None`` where there is no bound.

    ``before`` and ``after`` are plain medians, over all tasks; the ratio is within tasks.
    """

    estimate: float
    low: float | None
    high: float | None
    before: float
    after: float


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One change.

    Attributes:
        what: The action or task it is about; ``None`` for the aspect as a whole.
        since: Start of the most likely first run after it; earliest, latest: of the interval's.
        execution_id: That first run.
        seen_at: Start of the run after which the evidence sufficed.
        before, after: Shares on both sides (between the neighbouring changes). difference: after minus before, by task.
        ratio: The same for a size.
        before_runs, after_runs: Runs on both sides.
        q_value: Valid at any time, adjusted over everything that was watched.
        also: What else changed then (other actions), in words.
    """

    what: str | None
    since: int
    earliest: int
    latest: int
    execution_id: str
    seen_at: int
    before_runs: int
    after_runs: int
    before: Proportion | None
    after: Proportion | None
    difference: Difference | None
    ratio: Ratio | None
    q_value: float
    also: tuple[str, ...]


class Aspect(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One way in which an agent may have changed.

    Attributes:
        runs: Executions watched: those with a time where this is known. left_out: where it is not.
        compared: Of these, runs with an earlier run of the same task to compare with.
        changes: In the order of time.
        within: Where no change shows: all differences between earlier and later runs lie within this (points of a share
            as 0 to 1, factor of a size); ``None``: not bounded.
        more: About how many runs it takes in all to tell a difference of delta, where there are too few.
    """

    name: Name
    verdict: Verdict
    runs: int
    left_out: int
    compared: int
    changes: tuple[Change, ...]
    within: float | None
    more: int | None


class AgentDrift(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One agent over time.

    Attributes:
        verdict: ``changed`` when outcome, actions, duration or cost changed; ``steady`` when outcome and actions
            surely did not.
        runs: Executions with a time. without_time: those left out for want of one.
        untasked: Runs whose task is not known: they are compared with each other.
        cautions: What else differs, in words.
        agentflow: AgentFlow's answer on its own conformance figures, for comparison.
    """

    agent_id: str
    verdict: Verdict
    runs: int
    without_time: int
    untasked: int
    first: int | None
    last: int | None
    measure: Measure
    aspects: tuple[Aspect, ...]
    cautions: tuple[str, ...]
    agentflow: Trend


class Drift(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer, changed agents first.

    Attributes:
        alpha: Chance of a false alarm over all that is watched. delta: Differences of a share below it do not matter.
        factor: Nor do sizes within this factor.
        across_tasks: Whether runs were compared over all tasks.
    """

    agents: tuple[AgentDrift, ...]
    alpha: float
    delta: float
    factor: float
    level: float
    across_tasks: bool
