"""What the job ``briefing`` reads and answers. Durations are milliseconds."""

from __future__ import annotations

import msgspec

from soma.synthesizer.jobs.chain.model import Chain
from soma.synthesizer.jobs.divergence.model import Pair
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.stats import Proportion


class ActionRow(msgspec.Struct, frozen=True):
    """One action of the agent; fields in the order of the columns of ``actions.sql``."""

    action: str
    calls: int
    failed: int
    timeouts: int
    executions: int
    broken_executions: int
    wasted_ms: float | None
    example: str | None


class ErrorRow(msgspec.Struct, frozen=True):
    """Error texts alike but for numbers; fields in the order of the columns of ``errors.sql``."""

    action: str
    error: str
    example: str
    many: int


class RepeatRow(msgspec.Struct, frozen=True):
    """Failed calls made again unchanged; fields in the order of the columns of ``repeats.sql``."""

    again: int
    helped: int
    executions: int
    spent_ms: float


class EndRow(msgspec.Struct, frozen=True):
    """What ended runs; fields in the order of the columns of ``ends.sql``."""

    error: str
    example: str
    many: int


class InsightRow(msgspec.Struct, frozen=True, rename="camel"):
    """A proposal that waits; fields in the order of the columns of ``insights.sql``."""

    insight_id: str
    type: str
    claim: str
    confidence: float | None
    status: str


class Reason(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One answer to "why": what kind, in words, what to do about it, and ids that show it.

    Attributes:
        kind: ``divergence``, ``action``, ``repeat`` or ``end``.
        weight: Runs it concerns; reasons are ordered by it, divergence first.
        advice: What to do; ``None`` when there is nothing to suggest.
        evidence: Decision ids, or the id of a divergence.
    """

    kind: str
    text: str
    weight: int
    advice: str | None
    evidence: tuple[str, ...]


class Peer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An agent on the tasks it shares with this one; ``rate`` is of runs that did well."""

    agent_id: str
    outcome: Proportion
    tasks: int
    is_self: bool


class Briefing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Is the agent healthy, why not, what to do.

    Attributes:
        reasons: Why runs fail, the weightiest first; empty when nothing stands out.
        advice: What to do, in order.
        peers: Agents on the same tasks, the best first; empty when no other agent shares a task.
        last_failed: The latest failed run, decision by decision.
        pairs: The comparisons behind the peers.
    """

    schema: str = "soma.briefing"
    schema_version: int = 1
    vault_version: int
    agent: AgentHealth
    reasons: tuple[Reason, ...]
    advice: tuple[str, ...]
    peers: tuple[Peer, ...]
    insights: tuple[InsightRow, ...]
    last_failed: Chain | None
    pairs: tuple[Pair, ...]
    not_known: tuple[str, ...]
