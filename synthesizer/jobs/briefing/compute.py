"""Putting a briefing together from what the queries and the other jobs found. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from soma.synthesizer.jobs.chain.model import Chain
from soma.synthesizer.jobs.divergence.model import Divergence, Pair, Side
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.stats import Proportion
from soma.synthesizer.wording import duration, number, percent, points

from .model import ActionRow, Briefing, EndRow, ErrorRow, InsightRow, Peer, Reason, RepeatRow

_MANY_FAIL = 0.2
_ACTIONS_NAMED = 3
_REPEATS_NAMED = 2


def briefing_of(
    agent: AgentHealth, actions: Sequence[ActionRow], errors: Sequence[ErrorRow], repeats: RepeatRow,
    ends: Sequence[EndRow], insights: Sequence[InsightRow], compared: Divergence, last_failed: Chain | None, version: int,
) -> Briefing:  # fmt: skip
    """The briefing; every sentence in it names the count it rests on."""
    reasons = [
        *_from_divergence(agent.agent_id, compared.pairs),
        *_from_actions(actions, errors),
        *_from_repeats(repeats),
        *_from_ends(ends, agent),
    ]
    return Briefing(
        vault_version=version,
        agent=agent,
        reasons=tuple(reasons),
        advice=tuple(_advice(agent, reasons, insights, last_failed)),
        peers=tuple(_peers(agent.agent_id, compared.pairs)),
        insights=tuple(insights),
        last_failed=last_failed,
        pairs=compared.pairs,
        not_known=agent.not_known,
    )


def _from_divergence(agent_id: str, pairs: Sequence[Pair]) -> list[Reason]:
    """The best of the peers that do better: one comparison says it, ten would bury it."""
    worse = [
        pair for pair in pairs
        if pair.second.agent_id == agent_id and pair.verdict == "different" and pair.difference is not None
    ]  # fmt: skip
    if not worse:
        return []
    pair = min(worse, key=lambda p: (p.difference.estimate if p.difference else 0.0, p.first.agent_id))
    better, tasks = pair.first, number(pair.tasks, "task")
    text = f"On the same {tasks} {better.agent_id} does better ({percent(better.outcome.rate)} against "
    text += f"{percent(pair.second.outcome.rate)}, {points(pair.difference)})" if pair.difference else ""
    evidence = [pair.divergence_id]
    if pair.parting is not None:
        text += f"; they part at step {pair.parting.step}: {pair.parting.second.action}, where {better.agent_id} takes "
        text += pair.parting.first.action
        evidence += pair.parting.second.evidence[:5]
    return [
        Reason(kind="divergence", text=text, weight=pair.second.executions, advice=pair.recommendation, evidence=tuple(evidence))
    ]


def _from_actions(actions: Sequence[ActionRow], errors: Sequence[ErrorRow]) -> list[Reason]:
    out = []
    for row in actions[:_ACTIONS_NAMED]:
        broken = row.failed + row.timeouts
        if broken < 2 or broken < _MANY_FAIL * row.calls:
            continue
        kind = "time out or fail" if row.timeouts and row.failed else "time out" if row.timeouts else "fail"
        text = f"{broken:,} of {row.calls:,} {row.action} calls {kind}, in {number(row.broken_executions, 'run')}"
        typical = next((e for e in errors if e.action == row.action and e.example), None)
        if typical:
            text += f"; {'all' if typical.many == broken else f'{typical.many:,} of them'}: {typical.example}"
        cost = f" ({duration(row.wasted_ms)} spent on them)" if row.wasted_ms and row.wasted_ms > 1000 else ""
        out.append(Reason(
            kind="action", text=text + cost, weight=row.broken_executions,
            advice=f"look at one: soma decisions --execution {row.example.split('#')[0].split('/')[0]} --output" if row.example else None,
            evidence=(row.example,) if row.example else (),
        ))  # fmt: skip
    return out


def _from_repeats(row: RepeatRow) -> list[Reason]:
    if row.again < _REPEATS_NAMED:
        return []
    helped = "it never helped" if not row.helped else f"it helped {row.helped:,} of {row.again:,} times"
    text = f"It makes a failed call again unchanged: {row.again:,} times in {number(row.executions, 'run')}, {helped}"
    spent = f", {duration(row.spent_ms)} in total" if row.spent_ms > 1000 else ""
    advice = None
    if row.helped * 4 <= row.again:
        advice = "stop it from making a call again that just failed, or make it change the arguments first"
    return [Reason(kind="repeat", text=text + spent, weight=row.executions, advice=advice, evidence=())]


def _from_ends(ends: Sequence[EndRow], agent: AgentHealth) -> list[Reason]:
    return [
        Reason(
            kind="end", text=f"{row.many:,} of {number(agent.runs, 'run')} ended with: {row.example}", weight=row.many,
            advice=None, evidence=(),
        )
        for row in ends[:2]
    ]  # fmt: skip


def _advice(
    agent: AgentHealth, reasons: Sequence[Reason], insights: Sequence[InsightRow], last_failed: Chain | None
) -> list[str]:
    out = [reason.advice for reason in reasons if reason.advice]
    if agent.change.trend == "worse":
        out.append("find out what changed when it became worse: model, prompt, tools, tasks")
    if insights:
        out.append(f"decide about {number(len(insights), 'proposal')} that name it")
    if agent.measure != "success":
        out.append("tell soma which runs achieved their task: soma outcomes import labels.csv")
    if agent.health == "not enough data":
        out.append(f"wait for more runs: {agent.failures.total:,} with a known end do not tell yet")
    if not out and last_failed is not None:
        out.append(f"look at the last failed run: soma decisions --execution {last_failed.execution_id} --output")
    return out


def _peers(agent_id: str, pairs: Sequence[Pair]) -> list[Peer]:
    """Everyone on the tasks shared with this agent; its own rate is over all of those tasks."""
    peers = []
    own: Proportion | None = None
    tasks = 0
    for pair in pairs:
        mine, other = _sides(agent_id, pair)
        peers.append(Peer(agent_id=other.agent_id, outcome=other.outcome, tasks=pair.tasks, is_self=False))
        if own is None or mine.outcome.total > own.total:
            own, tasks = mine.outcome, pair.tasks
    if own is not None:
        peers.append(Peer(agent_id=agent_id, outcome=own, tasks=tasks, is_self=True))
    return sorted(peers, key=lambda peer: (-(peer.outcome.rate if peer.outcome.rate is not None else -1.0), peer.agent_id))


def _sides(agent_id: str, pair: Pair) -> tuple[Side, Side]:
    return (pair.first, pair.second) if pair.first.agent_id == agent_id else (pair.second, pair.first)


