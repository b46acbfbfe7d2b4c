"""The words of soma as types: what an adapter says (drafts) and what the vault holds (rows).

Times are epoch microseconds (``int``), durations milliseconds (``float``), money US dollars (``float``).
``None`` means: not known. It never means zero, and nothing is invented to avoid it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Outcome = Literal["ok", "failed", "timeout", "skipped", "unknown"]
Status = Literal["completed", "failed", "unknown"]
Kind = Literal["tool_choice", "branch", "retry", "delegation", "failure", "guard"]
Role = Literal["shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other"]

OUTCOMES: tuple[Outcome, ...] = ("ok", "failed", "timeout", "skipped", "unknown")


class DecisionDraft(msgspec.Struct, kw_only=True, gc=False):
    """One choice of an agent as an adapter reads it: full texts, nothing redacted, nothing cut.

    Attributes:
        tool: Name of the tool as the framework wrote it.
        arguments: What it was called with: an object, a string, or ``None`` when not recorded.
        action: Enriched name; left empty, it is derived from ``tool`` and ``arguments``.
        role: What kind of tool; left empty, it is derived likewise.
        native_id: The framework's own id of the call, unique inside the execution.
        global_id: An id that is the same wherever a copy of this very decision appears (resumed or forked sessions);
            copies are counted once. ``None`` where the framework gives no such id.
        offset, length: Bytes of the record in its source (row number and bytes for a database).
    """

    tool: str
    arguments: Any = None
    action: str = ""
    role: str = ""
    kind: Kind = "tool_choice"
    outcome: Outcome = "unknown"
    reasoning: str | None = None
    output: str | None = None
    error: str | None = None
    alternatives: list[str] | None = None
    confidence: float | None = None
    started_at: int | None = None
    duration_ms: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    model: str | None = None
    turn: int = 0
    native_id: str | None = None
    global_id: str | None = None
    parent_decision_id: str | None = None
    source_id: str = ""
    offset: int = 0
    length: int = 0


class ExecutionDraft(msgspec.Struct, kw_only=True, gc=False):
    """One run of one agent as an adapter reads it, with its decisions in the order they were taken.

    Attributes:
        execution_id: The framework's identity of the run, qualified: see ``soma.identity.qualified``.
        agent_id: Who ran; empty when the trace does not say (rules of ``soma.toml`` or the folder decide then).
        claims: Keys that other sources of the same run share; sources with a common key are resolved together.
        status: How the run ended; success: whether the task was achieved, only where something says so.
        success_from: What says so: ``reward``, ``feedback``, ``evaluation``, ``labels``.
        tokens_*: Of the whole run, each model message counted once; input excludes cache reads and writes where the
            source tells them apart.
        labels: Short facts worth filtering by; ``branch=abandoned`` marks a path that was left.
    """

    execution_id: str
    framework: str
    agent_id: str = ""
    session_id: str | None = None
    parent_execution_id: str | None = None
    parent_decision_id: str | None = None
    task_id: str | None = None
    task_text: str | None = None
    model: str | None = None
    status: Status = "unknown"
    success: bool | None = None
    success_from: str | None = None
    score: float | None = None
    error: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cache_read: int | None = None
    tokens_cache_write: int | None = None
    cost_usd: float | None = None
    operator_id: str | None = None
    team_id: str | None = None
    instance_id: str | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    claims: list[str] = msgspec.field(default_factory=list)
    decisions: list[DecisionDraft] = msgspec.field(default_factory=list)
    source_id: str = ""
    offset: int = 0
    length: int = 0


class PatternDraft(msgspec.Struct, kw_only=True):
    """A pattern another system found and wrote down: a candidate insight with its evidence, not yet ours."""

    pattern_id: str
    pattern_type: str
    claim: str
    agents: list[str]
    confidence: float | None = None
    evidence: list[str] = msgspec.field(default_factory=list)
    seen_at: int | None = None
    source_id: str = ""
    offset: int = 0
    length: int = 0


class NormalizedDecision(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """One decision as the vault holds it: redacted, bounded, with an id that stays. Columns: ``soma.schema``."""

    decision_id: str
    execution_id: str
    agent_id: str
    step: int
    action: str
    tool: str
    role: str = "other"
    kind: str = "tool_choice"
    outcome: str = "unknown"
    turn: int = 0
    revision: int = 0
    parent_decision_id: str | None = None
    arguments: str | None = None
    arguments_digest: str | None = None
    output_digest: str | None = None
    reasoning: str | None = None
    alternatives: list[str] | None = None
    confidence: float | None = None
    error: str | None = None
    output: str | None = None
    started_at: int | None = None
    duration_ms: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    model: str | None = None
    source_id: str = ""
    source_offset: int = 0
    source_length: int = 0


class Execution(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """One execution as the vault holds it. Columns: ``soma.schema``."""

    execution_id: str
    agent_id: str
    framework: str
    adapter: str
    adapter_version: int
    revision: int = 0
    session_id: str | None = None
    parent_execution_id: str | None = None
    parent_decision_id: str | None = None
    task_id: str | None = None
    task_text: str | None = None
    model: str | None = None
    status: str = "unknown"
    success: bool | None = None
    success_from: str | None = None
    score: float | None = None
    error: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    duration_ms: float | None = None
    decisions: int = 0
    ok: int = 0
    failed: int = 0
    timeout: int = 0
    skipped: int = 0
    unknown: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cache_read: int | None = None
    tokens_cache_write: int | None = None
    cost_usd: float | None = None
    signature: str = ""
    operator_id: str | None = None
    team_id: str | None = None
    instance_id: str | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    knows: dict[str, str] = msgspec.field(default_factory=dict)
    source_id: str = ""
    source_offset: int = 0
    source_length: int = 0
