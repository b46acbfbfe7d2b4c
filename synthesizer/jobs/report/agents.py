"""An agent as the report tells it. Pure."""

from __future__ import annotations

import math

import msgspec

from soma import clock
from soma.synthesizer.jobs.health.model import AgentHealth, Health, Run
from soma.synthesizer.wording import bounds, count, number, percent

from .ground import proportion_of, range_of, rounded
from .model import Agent, LastFailed, Light

_LIGHTS: dict[Health, Light] = {
    "healthy": "healthy",
    "degraded": "warning",
    "critical": "critical",
    "not enough data": "warning",
    "unknown": "warning",
}


def agent_of(agent: AgentHealth, last_failed: Run | None = None) -> Agent:
    """One agent in both vocabularies."""
    failures = agent.failures
    return Agent(
        name=agent.agent_id,
        id=agent.agent_id,
        status=_LIGHTS[agent.health],
        health=agent.health,
        health_reason=_because(agent),
        total_runs=agent.runs,
        runs=agent.runs,
        failures=failures.successes,
        failure_rate=None if failures.rate is None else rounded(failures.rate),
        measure=agent.measure,
        judged=failures.total,
        failure_interval=range_of(failures.interval) if failures.total else None,
        success=proportion_of(agent.success) if agent.success else None,
        trend=agent.change.trend,
        trend_since=clock.to_iso(agent.change.since) if agent.change.difference else None,
        decisions=agent.decisions,
        decisions_failed=agent.decisions_failed,
        total_token_cost=msgspec.UNSET if agent.tokens is None else agent.tokens,
        tokens=agent.tokens,
        cost_usd=_money(agent.cost_usd),
        frameworks=list(agent.frameworks),
        first_seen=clock.to_iso(agent.first_seen),
        last_seen=clock.to_iso(agent.last_seen),
        last_failed=LastFailed(last_failed.execution_id, clock.to_iso(last_failed.started_at)) if last_failed else None,
        not_known=list(agent.not_known),
    )


def _because(agent: AgentHealth) -> str:
    failures = agent.failures
    if not failures.total:
        return f"How its {number(agent.runs, 'run')} ended is not recorded."
    what = "do not achieve their task" if agent.measure == "success" else "end with an error"
    text = f"{percent(failures.rate)} of its runs {what} ({count(failures)}) {bounds(failures.interval)}"
    return f"{text}: too few to tell." if agent.health == "not enough data" else f"{text}."


def _money(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) or value < 0 else rounded(value)
