"""Insights, divergences and what is made of them for the report. Pure."""

from __future__ import annotations

from soma.synthesizer.jobs.divergence import model as divergence
from soma.synthesizer.jobs.divergence.model import END, Pair
from soma.synthesizer.stats import Difference
from soma.synthesizer.wording import number, percent, plain, points

from .ground import Effect, proportion_of, range_of, rounded
from .model import DivergencePair, Insight, InsightRow, InsightStatus, Intelligence, Side, Sure

_HIGH, _MEDIUM = 0.8, 0.5
_SURE, _SUREST = 0.99, 0.9999
_EVIDENCE = 20
_EVIDENCE_OF_A_SIDE = 5
_STATUSES: dict[str, InsightStatus] = {"promoted": "promoted", "rejected": "rejected"}


def stored(row: InsightRow) -> Insight:
    """A proposal of the vault."""
    score = (
        min(1.0, max(0.0, row.confidence)) if row.confidence is not None and row.confidence == row.confidence else 0.0
    )
    status = _STATUSES.get(row.status, "pending")
    claim = plain(row.claim, 2000)
    return Insight(
        id=row.insight_id,
        type=row.type,
        title=plain(row.claim, 80),
        claim=claim,
        summary=claim,
        confidence="high" if score >= _HIGH else "medium" if score >= _MEDIUM else "low",
        confidence_score=rounded(score),
        layer="canon" if status == "promoted" else "emerging",
        proposal_status=status,
        status=status,
        source_agents=sorted(row.agents),
        evidence=row.evidence[:_EVIDENCE],
        origin=row.origin,
    )


def reported(pair: Pair) -> Insight:
    """A divergence as a computed insight."""
    claim = _claim(pair)
    score = 0.0 if pair.q_value is None else min(1.0 - pair.q_value, _SUREST)
    sure: Sure = "high" if score >= _SURE and not pair.confounds else "medium"
    return Insight(
        id=pair.divergence_id,
        type="divergence",
        title=_title(pair),
        claim=claim,
        summary=claim,
        confidence=sure,
        confidence_score=rounded(score),
        layer="archive",
        proposal_status="computed",
        status="computed",
        source_agents=sorted((pair.first.agent_id, pair.second.agent_id)),
        evidence=_evidence(pair.parting),
        origin="soma divergence",
    )


def intelligence_of(pair: Pair) -> Intelligence:
    """A divergence as an entry of what is known across agents."""
    return Intelligence(
        id=pair.divergence_id,
        type="divergence",
        title=_title(pair),
        claim=_claim(pair),
        agents=sorted((pair.first.agent_id, pair.second.agent_id)),
        recommendation=pair.recommendation,
    )


def pair_of(pair: Pair) -> DivergencePair:
    """A compared pair, whatever its verdict."""
    parting = pair.parting
    return DivergencePair(
        id=pair.divergence_id,
        verdict=pair.verdict,
        measure=pair.measure,
        tasks=pair.tasks,
        first=_side(pair.first, parting.first if parting else None),
        second=_side(pair.second, parting.second if parting else None),
        effect=_effect(pair.difference),
        q_value=None if pair.q_value is None else float(f"{pair.q_value:.4g}"),
        more_runs_needed=pair.more.for_delta if pair.more else None,
        step=parting.step if parting else None,
        step_effect=_effect(parting.effect) if parting else None,
        recommendation=pair.recommendation,
        finding=pair.finding,
        confounds=[confound.text for confound in pair.confounds],
    )


def _side(side: divergence.Side, chosen: divergence.Chosen | None) -> Side:
    return Side(
        agent=side.agent_id,
        runs=side.executions,
        outcome=proportion_of(side.outcome),
        choice=None if chosen is None else "stops" if chosen.action == END else chosen.action,
        choice_runs=chosen.executions if chosen else 0,
        evidence=list(chosen.evidence[:_EVIDENCE_OF_A_SIDE]) if chosen else [],
    )


def _effect(difference: Difference | None) -> Effect | None:
    if difference is None:
        return None
    return Effect(estimate=rounded(difference.estimate), interval=range_of(difference.interval))


def _title(pair: Pair) -> str:
    first, second = plain(pair.first.agent_id, 60), plain(pair.second.agent_id, 60)
    return f"{second} does worse than {first} on the same tasks"


def _claim(pair: Pair) -> str:
    did = "achieve their task" if pair.measure == "success" else "complete"
    first, second = (plain(side.agent_id, 60) for side in (pair.first, pair.second))
    text = (
        f"On the same {number(pair.tasks, 'task')} {percent(pair.second.outcome.rate)} of the runs of {second} {did}, "
    )
    text += f"of {first} {percent(pair.first.outcome.rate)}"
    text += f" ({points(pair.difference)})" if pair.difference else ""
    return f"{text}. {pair.recommendation or pair.finding}"


def _evidence(parting: divergence.Parting | None) -> list[str]:
    if parting is None:
        return []
    return [decision for side in (parting.second, parting.first) for decision in side.evidence[:_EVIDENCE_OF_A_SIDE]]
