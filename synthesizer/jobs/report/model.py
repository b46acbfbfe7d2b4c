"""What ``soma-report.json`` holds: the words AgentFlow's readers look for, and soma's own beside them.

The JSON Schema that ships with soma is made from these classes; their docstrings are its descriptions. Times are ISO
8601 with ``Z``, money US dollars, shares 0 to 1. ``null`` means: not known.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from soma.synthesizer.jobs.divergence.model import Measure, Verdict
from soma.synthesizer.jobs.health.model import Health, Trend
from soma.synthesizer.jobs.health.model import Measure as HealthMeasure

from .blindness import Coverage
from .changes import Changes
from .graded import Grades
from .ground import Count, Effect, Moment, Proportion, Range, Share
from .review import Proposal
from .shifts import Shift
from .strain import Strain
from .trials import Trial

Light = Literal["healthy", "warning", "critical"]
Sure = Literal["high", "medium", "low"]
Layer = Literal["archive", "working", "emerging", "canon"]
InsightStatus = Literal["pending", "promoted", "rejected", "computed"]
Enforcement = Literal["info", "warn", "error", "abort"]


class LastFailed(msgspec.Struct, frozen=True, rename="camel"):
    """A run that failed by the agent's measure; of runs without times the one in which most decisions failed."""

    execution_id: str
    started_at: Moment | None


class Agent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One agent.

    ``status`` speaks the three words of AgentFlow's dashboard. Nothing but ``health`` = ``healthy`` gives ``healthy``:
    an agent of which too little is known is ``warning``, and ``health`` says that it is not known.
    """

    name: str
    id: str
    status: Light
    health: Health
    health_reason: Annotated[str, Meta(description="Why it is called so, in a sentence with its counts.")]
    total_runs: Count
    runs: Count
    failures: Annotated[Count, Meta(description="Runs known to have failed, by `measure`.")]
    failure_rate: Annotated[Share | None, Meta(description="Of the runs whose end is known; null when none is.")]
    measure: Annotated[
        HealthMeasure,
        Meta(description="What counts as failed: `success` (task not achieved), `status` (ended with an error)."),
    ]
    judged: Annotated[Count, Meta(description="Runs whose end is known by `measure`.")]
    failure_interval: Annotated[Range | None, Meta(description="Wilson interval of `failureRate`.")]
    success: Annotated[
        Proportion | None, Meta(description="Runs that achieved their task, of those where it is known.")
    ]
    trend: Trend
    trend_since: Moment | None
    decisions: Count
    decisions_failed: Count
    total_token_cost: Annotated[
        Count | msgspec.UnsetType, Meta(description="Tokens, as AgentFlow means it; absent when not recorded.")
    ] = msgspec.UNSET
    tokens: Count | None
    cost_usd: Annotated[float, Meta(ge=0)] | None
    frameworks: list[str]
    first_seen: Moment | None
    last_seen: Moment | None
    last_failed: Annotated[
        LastFailed | None, Meta(description="The failed run that began last; null when none is known to have failed.")
    ]
    not_known: list[str]


class Insight(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding: a proposal of the vault's emerging layer, or one computed for this report.

    A computed one (``status`` = ``computed``) rests on the archive and waits for nobody: its ``layer`` is ``archive``.
    Of a divergence ``confidence_score`` is 1 minus its q-value: of findings at least this strong, at most a share q is
    expected to be false. ``confidence`` is ``high`` when that is 0.99 or more and nothing else is seen to differ
    between the agents, else ``medium``. Of other insights the score is the one stated (0 when none is), ``high`` from
    0.8 and ``medium`` from 0.5 on.
    """

    id: str
    type: str
    title: str
    claim: str
    summary: str
    confidence: Sure
    confidence_score: Share = field(name="confidence_score")
    layer: Layer
    proposal_status: InsightStatus = field(name="proposal_status")
    status: InsightStatus
    source_agents: list[str] = field(name="source_agents")
    evidence: list[str]
    origin: str


class Policy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A ratified rule; ``status`` is ``enforcing``, or ``shadow``: it counts without binding."""

    name: str
    id: str
    type: Literal["policy"]
    enforcement: Enforcement
    severity: Enforcement
    scope: str
    conditions: str
    layer: Layer
    status: str


class GuardRecommendation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a guard should do with an agent. soma gives none: what binds is a policy a person ratified."""

    agent: str
    action: Literal["allow", "block"]
    reason: str
    explanation: str | msgspec.UnsetType = msgspec.UNSET


class Canon(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the canon layer."""

    id: str
    title: str
    ratified_by: str = field(name="ratified_by")
    ratified_at: Moment = field(name="ratified_at")


class Intelligence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something computed about several agents; ``id`` names the insight and the divergence it belongs to."""

    id: str
    type: Literal["divergence"]
    title: str
    claim: str
    agents: list[str]
    recommendation: str | None


class Side(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One agent of a pair on the tasks both attempted, and what it mostly chose where they part."""

    agent: str
    runs: Count
    outcome: Proportion
    choice: str | None
    choice_runs: Count
    evidence: list[str]


class DivergencePair(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Two agents that share tasks; ``first`` is the one that does better."""

    id: str
    verdict: Verdict
    measure: Measure
    tasks: Count
    first: Side
    second: Side
    effect: Effect | None
    q_value: Share | None
    more_runs_needed: Annotated[
        Count | None, Meta(description="About how many more runs a side would settle it; null when it is settled.")
    ]
    step: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Where they part; null when their usual paths do not.")
    ]
    step_effect: Annotated[Effect | None, Meta(description="Of the choice made there, given the steps before it.")]
    recommendation: str | None
    finding: str
    confounds: list[str]


class UnusableSource(msgspec.Struct, frozen=True, rename="camel"):
    """A source that yields nothing, or not all it should."""

    path: str
    status: str
    reason: str


class LedgerEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One source of the harvest's ledger; fields in the order of the columns of ``ledger.sql``.

    ``contentHash`` is the SHA-256 of the bytes read and of what companion files told.
    """

    path: str
    status: str
    format: str | None
    size: Count
    content_hash: str
    executions: Count
    decisions: Count
    quarantined: Count
    redacted: Count
    reason: str | None


class Secret(msgspec.Struct, frozen=True, rename="camel"):
    """Secrets of one kind: how often one was replaced, how many different ones can be told apart, in how many sources.

    Of a mark that was cut away with the end of a long text only ``replaced`` knows.
    """

    kind: str
    replaced: Count
    different: Count
    sources: Count


class Digests(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the report was made from, and what it says, each in one number.

    ``basis``: of the vault's files, of the rules about tasks and of the method; kept answers carry it too. ``content``:
    of which readings of which executions there are, equal for two vaults that hold the same. ``report``: of this file
    as canonical JSON (keys as they stand, no blanks) without ``generatedAt``, ``generated`` and ``digests``.
    """

    basis: str
    content: str
    report: str


class Sources(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the answers rest on: every source that was looked at, and what came of it."""

    total: Count
    read: Count
    empty: Count
    unrecognised: Count
    failed: Count
    copies: Annotated[Count, Meta(description="Sources whose runs another source holds as well or more fully.")]
    companions: Annotated[Count, Meta(description="Sources that only tell something about others.")]
    quarantined: Annotated[Count, Meta(description="Records that could not be used.")]
    redacted: Annotated[Count, Meta(description="Secrets replaced before anything was written.")]
    unusable: Annotated[list[UnusableSource], Meta(description="The first hundred, damaged ones first.")]
    unusable_total: Count
    cannot_tell: Annotated[
        dict[str, list[str]], Meta(description="Framework to the facts its traces cannot hold, whatever happened.")
    ]
    ledger: Annotated[list[LedgerEntry], Meta(description="What came of every source, by path; the first thousand.")]


class Totals(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much there is."""

    agents: Count
    executions: Count
    decisions: Count
    insights: Count
    policies: Count
    archetypes: Count


class Layers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Per layer: executions in the archive, of them replayed in working, undecided insights, policies in force."""

    archive: Count
    working: Count
    emerging: Count
    canon: Count


class Governance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Proposals by what became of them."""

    pending: Count
    to_decide: Annotated[Count, Meta(description="Of the pending those soma found; others only told of theirs.")]
    promoted: Count
    rejected: Count


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything soma answers about a vault, in one file.

    Only ``generatedAt`` and ``generated`` (the same instant) depend on the clock: two reports of one vault version are
    otherwise equal to the byte.
    """

    schema: Literal["soma.report"]
    schema_version: Literal[1]
    available: bool
    generated_at: Moment
    generated: Moment
    vault_version: Count
    level: Annotated[Share, Meta(description="Of all intervals.")]
    agents: list[Agent]
    insights: list[Insight]
    policies: list[Policy]
    guard_recommendations: list[GuardRecommendation]
    canon: list[Canon]
    proposals: Annotated[list[Proposal], Meta(description="Waiting for a decision, the surest first; a hundred.")]
    intelligence: list[Intelligence]
    divergences: list[DivergencePair]
    divergences_total: Count
    gates: Annotated[list[Trial], Meta(description="Labels that deal executions to arms, and what the arms show.")]
    drift: Annotated[list[Shift], Meta(description="Changes of behaviour and since when, the latest first.")]
    pressure: Annotated[list[Strain], Meta(description="Per replayed agent, the highest peak first.")]
    grades: Grades
    totals: Totals
    layers: Layers
    governance: Governance
    sources: Sources
    coverage: Coverage
    secrets: list[Secret]
    changes: Annotated[Changes | None, Meta(description="Since an earlier report; null when none was given.")]
    not_known: list[str]
    digests: Digests


class InsightRow(msgspec.Struct, frozen=True):
    """A stored insight; fields in the order of the columns of ``insights.sql``."""

    insight_id: str
    type: str
    claim: str
    confidence: float | None
    agents: list[str]
    evidence: list[str]
    status: str
    origin: str


class SourceRow(msgspec.Struct, frozen=True):
    """Sources alike; fields in the order of the columns of ``sources.sql``."""

    status: str
    many: int
    quarantined: int
    redacted: int


class UnusableRow(msgspec.Struct, frozen=True):
    """A source that yields nothing, or not all it should; fields in the order of the columns of ``unusable.sql``."""

    path: str
    status: str
    reason: str | None


class KnowsRow(msgspec.Struct, frozen=True):
    """What the runs of a framework can tell; fields in the order of the columns of ``knows.sql``."""

    framework: str
    fact: str
    cannot: bool
