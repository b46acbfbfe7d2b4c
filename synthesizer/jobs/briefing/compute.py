"""Putting a briefing together from what the queries and the other jobs found. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from soma import clock
from soma.synthesizer import commands
from soma.synthesizer.jobs.chain.model import Chain
from soma.synthesizer.jobs.divergence.model import Divergence, Pair, Side
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.jobs.localize.model import Blamed, Localisation
from soma.synthesizer.wording import number

from .model import Advice, Binding, Briefing, Found, InsightRow, Peak, Peer, Reason
from .reasons import reasons_of, reported

_STANDS_OUT = 1.5


def briefing_of(
    agent: AgentHealth,
    found: Found,
    compared: Divergence,
    last_failed: Chain | None,
    blame: Localisation | None = None,
    *,
    level: float,
) -> Briefing:
    """The briefing as far as the harvest decides it; every sentence in it names the count it rests on."""
    reasons = reasons_of(agent, found, compared.pairs)
    return Briefing(
        vault_version=0,
        agent=agent,
        reasons=reasons,
        advice=tuple(_advice(agent, reasons, last_failed)),
        peers=peers_of(agent.agent_id, compared.pairs),
        insights=(),
        last_failed=last_failed,
        peak=None,
        binding=(),
        blamed=_blamed(blame),
        pairs=compared.pairs,
        not_known=agent.not_known,
        level=level,
    )


def completed(
    briefing: Briefing, insights: Sequence[InsightRow], peak: Peak | None, binding: Sequence[Binding], *, version: int
) -> Briefing:
    """The briefing with what others found, what was replayed and what was decided, all of which may change any time."""
    return msgspec.structs.replace(
        briefing,
        vault_version=version,
        reasons=(*briefing.reasons, *map(reported, insights)),
        insights=tuple(insights),
        peak=peak,
        binding=tuple(binding),
    )


def _blamed(blame: Localisation | None) -> Blamed | None:
    """The most blamed decision, where its share stands out from an even one."""
    if blame is None or not blame.decisions:
        return None
    most = blame.decisions[0]
    return most if most.share * len(blame.decisions) >= _STANDS_OUT else None


def _advice(agent: AgentHealth, reasons: Sequence[Reason], last_failed: Chain | None) -> Iterator[Advice]:
    given = [reason.advice for reason in reasons if reason.advice]
    yield from given
    if agent.change.trend == "worse":
        since = (clock.to_iso(agent.change.since) or "")[:10]
        yield Advice(f"find out what changed around {since}, when it became worse: model, prompt, tools or tasks")
    if not given and last_failed is not None:
        yield Advice("look at the last failed run", (commands.show_run(last_failed.execution_id),))
    if agent.health == "not enough data":
        more = (
            f"about {number(agent.more_needed, 'more run')} would tell" if agent.more_needed else "it takes many more"
        )
        known = number(agent.failures.total, "run")
        yield Advice(f"wait for more runs before judging it: how {known} ended is known, {more}")
    if agent.measure != "success":
        yield Advice("tell soma which runs achieved their task", (commands.soma("outcomes", "import", "labels.csv"),))


def peers_of(agent_id: str, pairs: Sequence[Pair]) -> tuple[Peer, ...]:
    """Everyone on the tasks shared with this agent and itself, the best first."""
    sides = [(*_sides(agent_id, pair), pair) for pair in pairs]
    peers = [_peer(other, pair, is_self=False) for _, other, pair in sides]
    if sides:
        # Which tasks are shared depends on the peer; the agent itself is shown on the most it was compared on.
        own, _, pair = max(sides, key=lambda each: (each[0].outcome.total, each[2].tasks))
        peers.append(_peer(own, pair, is_self=True))
    return tuple(
        sorted(peers, key=lambda peer: (-(-1.0 if peer.outcome.rate is None else peer.outcome.rate), peer.agent_id))
    )


def _peer(side: Side, pair: Pair, *, is_self: bool) -> Peer:
    return Peer(
        agent_id=side.agent_id,
        outcome=side.outcome,
        measure=pair.measure,
        tasks=pair.tasks,
        is_self=is_self,
        verdict=None if is_self else pair.verdict,
    )


def _sides(agent_id: str, pair: Pair) -> tuple[Side, Side]:
    return (pair.first, pair.second) if pair.first.agent_id == agent_id else (pair.second, pair.first)
