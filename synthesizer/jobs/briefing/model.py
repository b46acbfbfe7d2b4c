"""What the job ``briefing`` reads and answers. Durations are milliseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.jobs.chain.model import Chain
from soma.synthesizer.jobs.divergence.model import Measure, Pair, Verdict
from soma.synthesizer.jobs.drift.model import AgentDrift
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.jobs.localize.model import Blamed
from soma.synthesizer.stats import Proportion

ReasonKind = Literal["divergence", "drift", "end", "silent", "action", "repeat", "insight"]


class ActionRow(msgspec.Struct, frozen=True):
    """How often an action was chosen; fields in the order of the columns of ``actions.sql``."""

    action: str
    calls: int


class FailureRow(msgspec.Struct, frozen=True):
    """One call that failed; fields in the order of the columns of ``failures.sql``."""

    action: str
    execution_id: str
    decision_id: str
    timed_out: bool
    error: str | None
    duration_ms: float | None


class RepeatRow(msgspec.Struct, frozen=True):
    """One failed call made again unchanged; fields in the order of the columns of ``repeats.sql``."""

    execution_id: str
    helped: bool
    duration_ms: float | None


class EndRow(msgspec.Struct, frozen=True):
    """An error that ended a run; fields in the order of the columns of ``ends.sql``."""

    execution_id: str
    error: str


class InsightRow(msgspec.Struct, frozen=True, rename="camel"):
    """A proposal that waits for a decision; fields in the order of the columns of ``insights.sql``."""

    insight_id: str
    type: str
    claim: str
    confidence: float | None
    origin: str


class Advice(msgspec.Struct, frozen=True, rename="camel"):
    """Something to do, and the commands that do it or show more, where there are any."""

    text: str
    commands: tuple[str, ...] = ()


class Reason(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One answer to "why", in words, and ids that show it.

    Attributes:
        kind: ``divergence``: a peer does better on the same tasks. ``drift``: it behaves differently than before.
            ``end``: errors that ended runs. ``silent``: runs that failed without any error. ``action``: calls that
            fail. ``repeat``: failed calls made again unchanged. ``insight``: found by someone else.
        weight: Runs it concerns.
        advice: What to do about it; ``None`` when there is nothing to suggest.
        evidence: Decision, execution, divergence or insight ids, the first few.
    """

    kind: ReasonKind
    text: str
    weight: int
    advice: Advice | None = None
    evidence: tuple[str, ...] = ()


class Peer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An agent on the tasks it shares with the one briefed about.

    Attributes:
        outcome: Runs on these tasks that did well by ``measure``.
        tasks: How many tasks they share; of the agent itself, those it was compared on with most runs.
        verdict: Of the comparison; ``None`` for the agent itself.
    """

    agent_id: str
    outcome: Proportion
    measure: Measure
    tasks: int
    is_self: bool
    verdict: Verdict | None


class Peak(msgspec.Struct, frozen=True, rename="camel"):
    """The highest pressure of an execution, 0 to 1, the mode then, and the 0-based step; columns of ``peak.sql``."""

    pressure: float
    mode: str
    step: int


class Binding(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A ratified policy whose scope covers the agent.

    Attributes:
        id: Its name. says: What the agent is told. stops: Whether it stops calls, or only warns.
        binds: Whether it binds, or runs in shadow: it counts without binding. until: Its last day, ISO 8601.
    """

    id: str
    says: str
    stops: bool
    binds: bool
    until: str | None


class Briefing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Is the agent healthy, why not, what to do.

    Attributes:
        reasons: Why runs fail; empty when nothing stands out.
        advice: What to do, in order.
        peers: Agents on the same tasks, the best first; empty when no other agent shares a task.
        last_failed: A failed run, decision by decision: the latest, or where no times are known the one in which most
            decisions failed.
        peak: The highest pressure of that run; ``None`` where it was not replayed yet.
        binding: Policies about this agent that are in force.
        blamed: The decision of that run that most lowered its chance of success; ``None`` where nothing stands out.
        pairs: The comparisons behind the peers.
        level: Of all intervals.
    """

    schema: str = "soma.briefing"
    schema_version: int = 1
    vault_version: int
    agent: AgentHealth
    reasons: tuple[Reason, ...]
    advice: tuple[Advice, ...]
    peers: tuple[Peer, ...]
    insights: tuple[InsightRow, ...]
    last_failed: Chain | None
    peak: Peak | None
    binding: tuple[Binding, ...]
    blamed: Blamed | None
    pairs: tuple[Pair, ...]
    not_known: tuple[str, ...]
    level: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the queries found about one agent.

    Attributes:
        failed: Execution id to whether the run failed by the agent's measure; ``None`` where that is not known.
    """

    failed: dict[str, bool | None]
    actions: list[ActionRow]
    failures: list[FailureRow]
    repeats: list[RepeatRow]
    ends: list[EndRow]
    drift: AgentDrift | None = None
