"""Executions to signatures: pure."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from soma.synthesizer.stats import proportion

from .model import Run, Signature, Signatures


def signatures_of(runs: Sequence[Run], *, level: float = 0.95, limit: int = 200) -> Signatures:
    """One row per agent and signature; of more than ``limit`` the least frequent are left off."""
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.agent_id, run.signature].append(run)
    # Most paths are taken once: only what is told is looked into.
    told = sorted(groups, key=lambda group: (-len(groups[group]), *group))[:limit]
    rows = [_signature(agent, path, groups[agent, path], level) for agent, path in told]
    return Signatures(signatures=_ordered(rows), total=len(groups), executions=len(runs), level=level)


def cut(found: Signatures, limit: int) -> Signatures:
    """The same with at most ``limit`` rows, the most frequent."""
    if len(found.signatures) <= limit:
        return found
    often = sorted(found.signatures, key=lambda row: (-row.executions, row.agent_id, row.signature))
    return msgspec.structs.replace(found, signatures=_ordered(often[:limit]))


def _ordered(rows: Iterable[Signature]) -> tuple[Signature, ...]:
    return tuple(sorted(rows, key=lambda row: (row.agent_id, -row.executions, row.signature)))


def _signature(agent: str, path: str, members: Sequence[Run], level: float) -> Signature:
    judged = [run.success for run in members if run.success is not None]
    ended = [run.status == "completed" for run in members if run.status != "unknown"]
    tokens = [
        (run.tokens_in or 0) + (run.tokens_out or 0)
        for run in members
        if run.tokens_in is not None or run.tokens_out is not None
    ]
    costs = [run.cost_usd for run in members if run.cost_usd is not None]
    durations = [run.duration_ms for run in members if run.duration_ms is not None]
    latest = max(members, key=lambda run: (run.ended_at is not None, run.ended_at or 0, run.execution_id))
    return Signature(
        agent_id=agent,
        signature=path,
        executions=len(members),
        success=proportion(sum(judged), len(judged), level) if judged else None,
        completed=proportion(sum(ended), len(ended), level) if ended else None,
        median_duration_ms=statistics.median(durations) if durations else None,
        tokens=sum(tokens) if tokens else None,
        tokens_known=len(tokens),
        cost_usd=math.fsum(costs) if costs else None,
        cost_known=len(costs),
        first_seen=min((run.started_at for run in members if run.started_at is not None), default=None),
        last_seen=max((run.ended_at for run in members if run.ended_at is not None), default=None),
        example=latest.execution_id,
    )
