"""Changes of behaviour as the report tells them. Pure."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from soma import clock
from soma.synthesizer import stats
from soma.synthesizer.jobs.drift.model import AgentDrift, Change, Drift, Name
from soma.synthesizer.wording import percent, plain, points

from .ground import Count, Effect, Moment, Proportion, Share, proportion_of, range_of, rounded

_TITLES: dict[Name, str] = {
    "outcome": "outcome", "actions": "how often it chooses", "duration": "duration", "cost": "cost",
    "tasks": "which tasks it gets",
}  # fmt: skip


class Factor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many times larger a size became; ``high`` is null where there is no bound."""

    estimate: Annotated[float, Meta(ge=0)]
    low: Annotated[float, Meta(ge=0)] | None
    high: Annotated[float, Meta(ge=0)] | None


class Shift(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One change of one agent.

    ``since`` is the start of the most likely first run after it, ``earliest`` and ``latest`` bound it. ``qValue`` is
    valid however many nights one looks, and adjusted over everything that was watched. ``effect`` is after minus
    before, compared within tasks; ``factor`` the same for a duration or cost.
    """

    agent: str
    aspect: Name
    what: str | None
    since: Moment | None
    earliest: Moment | None
    latest: Moment | None
    first_run: str
    runs_before: Count
    runs_after: Count
    before: Proportion | None
    after: Proportion | None
    effect: Effect | None
    factor: Factor | None
    q_value: Share
    text: str


def shifts_of(drift: Drift) -> list[Shift]:
    """Every change of every agent, the latest first."""
    found = [
        (change.since, _shift(agent, aspect.name, change))
        for agent in drift.agents
        for aspect in agent.aspects
        for change in aspect.changes
    ]
    return [shift for _, shift in sorted(found, key=lambda each: (-each[0], each[1].agent, each[1].text))]


def _shift(agent: AgentDrift, aspect: Name, change: Change) -> Shift:
    difference, ratio = change.difference, change.ratio
    return Shift(
        agent=agent.agent_id,
        aspect=aspect,
        what=change.what,
        since=clock.to_iso(change.since),
        earliest=clock.to_iso(change.earliest),
        latest=clock.to_iso(change.latest),
        first_run=change.execution_id,
        runs_before=change.before_runs,
        runs_after=change.after_runs,
        before=_share(change.before),
        after=_share(change.after),
        effect=Effect(estimate=rounded(difference.estimate), interval=range_of(difference.interval))
        if difference else None,
        factor=Factor(estimate=rounded(ratio.estimate), low=_finite(ratio.low), high=_finite(ratio.high))
        if ratio else None,
        q_value=float(f"{min(1.0, change.q_value):.4g}"),
        text=_text(aspect, change),
    )  # fmt: skip


def _text(aspect: Name, change: Change) -> str:
    title = _TITLES[aspect] + (f" {plain(change.what, 60)}" if change.what else "")
    if change.ratio is not None:
        return f"{title}: {change.ratio.estimate:.2g} times what it was"
    if change.before and change.after:
        moved = f"{percent(change.before.rate)} → {percent(change.after.rate)}"
        return f"{title}: {moved}" + (f" ({points(change.difference)})" if change.difference else "")
    return f"{title}: {points(change.difference)}" if change.difference else title


def _share(value: stats.Proportion | None) -> Proportion | None:
    return proportion_of(value) if value else None


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else rounded(value)
