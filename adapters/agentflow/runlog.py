"""Events about whole runs: the run log's one line per run, and the patterns the library mined."""

from __future__ import annotations

import re
from typing import Any

from soma import identity
from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.model import ExecutionDraft, PatternDraft, Status
from soma.source import Record

from .values import count, moment, number, written

PREFIX = "af"
_COUNTER_ID = re.compile(r"node_\d+\Z")
_STATUSES: dict[str, Status] = {"completed": "completed", "failed": "failed"}
_MOST_EVIDENCE = 10_000
_LONGEST_MS = 1e12


def own_id(value: Any) -> str | None:
    """The execution id in a graph's own id; ``None`` for the library's default, which is the same in every run."""
    text = as_text(value)
    return None if text is None or _COUNTER_ID.match(text) else identity.qualified(PREFIX, text)


def agent_of(value: dict[str, Any]) -> str:
    """The agent an event names; empty where it only has the library's default."""
    agent_id = as_text(value.get("agentId")) or ""
    return "" if agent_id == "unknown" else agent_id


def run_of(record: Record) -> ExecutionDraft:
    """The run an event reports, without decisions.

    The event is written when the run has just ended: its time stands for the end, the start lies ``duration`` before.
    """
    value: dict[str, Any] = record.value
    semantic = as_object(value.get("semantic"))
    operator = as_object(value.get("operatorContext"))
    usage = as_object(value.get("usage"))
    at = moment(value.get("timestamp"))
    duration = number(value.get("duration"), _LONGEST_MS)
    started = round(at - duration * 1000) if at is not None and duration is not None else None
    stated = as_text(value.get("status")) or (as_text(value.get("eventType")) or "").removeprefix("execution.")
    native = value.get("graphId") if value.get("graphId") is not None else value.get("executionId")
    execution_id = own_id(native) or _digest_id(
        "run", native, value.get("agentId"), at, stated, value.get("duration"), value.get("pathSignature")
    )
    labels = {
        "record": "run-log",
        "graph_status": stated,
        "trigger": as_text(semantic.get("trigger")),
        "guards": str(len(as_list(value.get("violations"))) or ""),
    }
    return ExecutionDraft(
        execution_id=execution_id,
        framework="agentflow",
        agent_id=agent_of(value),
        session_id=as_text(operator.get("sessionId")),
        task_text=as_text(semantic.get("inputSummary")) or as_text(semantic.get("intent")),
        model=as_text(value.get("model")) or as_text(semantic.get("modelId")),
        status=_STATUSES.get(stated, "unknown"),
        error=written(value.get("error")) or written(as_object(value.get("failurePoint")).get("error")),
        started_at=started,
        ended_at=None if stated == "running" else at,
        tokens_in=count(usage.get("input_tokens")),
        tokens_out=count(usage.get("output_tokens")),
        operator_id=as_text(value.get("operatorId")) or as_text(operator.get("operatorId")),
        team_id=as_text(operator.get("teamId")),
        instance_id=as_text(operator.get("instanceId")),
        labels={key: fact for key, fact in labels.items() if fact},
        claims=[execution_id],
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def pattern_of(record: Record) -> PatternDraft:
    """The pattern an event reports; its claim is the event's description, or what its counts say."""
    value: dict[str, Any] = record.value
    pattern = as_object(value.get("pattern"))
    agents = [agent for agent in as_list(value.get("agentIds")) if isinstance(agent, str) and agent]
    if not agents and agent_of(value):
        agents = [agent_of(value)]
    at = moment(value.get("timestamp"))
    native = as_text(value.get("patternId"))
    evidence = [item for item in as_list(value.get("evidence"))[:_MOST_EVIDENCE] if isinstance(item, str) and item]
    claim = as_text(value.get("description")) or _counted(agents, pattern)
    return PatternDraft(
        pattern_id=identity.qualified(PREFIX, native) if native else _digest_id("pattern", *agents, at, claim),
        pattern_type=as_text(value.get("patternType")) or "process_variants",
        claim=claim,
        agents=agents,
        confidence=number(value.get("confidence"), 1),
        evidence=[own_id(item) or item for item in evidence],
        seen_at=at,
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def _digest_id(*parts: Any) -> str:
    return f"{PREFIX}:{identity.digest(chr(31).join(written(part) or '' for part in parts), size=12)}"


def _counted(agents: list[str], pattern: dict[str, Any]) -> str:
    who = ", ".join(agents) or "an unnamed agent"
    runs, variants = count(pattern.get("totalGraphs")), count(pattern.get("variantCount"))
    if runs is None or variants is None:
        return f"{who}: a process pattern without counts"
    claim = f"{who}: {runs} run{'s' * (runs != 1)} took {variants} path{'s' * (variants != 1)}"
    top = as_object(next(iter(as_list(pattern.get("topVariants"))), None))
    path, times = as_text(top.get("pathSignature")), count(top.get("count"))
    return f"{claim}; {times} of them {path}" if path and times is not None else claim
