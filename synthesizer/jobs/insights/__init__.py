"""What the jobs found, as proposals with confidence and evidence that wait for a person's decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.kept import basis, kept
from soma.synthesizer.queries import query

from .confidence import among_operators, word
from .contradictions import details_of, pairs_of
from .finders import FINDERS
from .ground import Ground
from .merge import Merged, insight_id, merge
from .model import Finding, Findings, Insight, Insights

__all__ = [
    "FINDERS", "Finding", "Findings", "Ground", "Insight", "Insights", "Merged", "find", "insight_id", "known", "merge",
    "of_type", "pairs_of", "run",
]  # fmt: skip

_WORDS = ("sure", "likely", "weak")


def find(vault: Queryable) -> Findings:
    """Every finding of every finder, from executions and decisions alone."""

    def look() -> Findings:
        ground = Ground(vault)
        found = _by_operators(ground, [finding for finder in FINDERS.values() for finding in finder(ground)])
        return Findings(tuple(sorted(found, key=lambda finding: (finding.type, finding.subject))))

    return kept(vault, "insights", {}, Findings, look)


def of_type(ground: Ground, kind: str) -> list[Finding]:
    """What one finder finds; what several operators met with is surer (``confidence.among_operators``)."""
    return _by_operators(ground, FINDERS[kind](ground))


def _by_operators(ground: Ground, findings: Sequence[Finding]) -> list[Finding]:
    operators = ground.operators_of([finding.evidence for finding in findings])
    return [_among_operators(finding, many) for finding, many in zip(findings, operators, strict=True)]


def _among_operators(finding: Finding, operators: int) -> Finding:
    if operators < 2:
        return finding
    return msgspec.structs.replace(
        finding,
        confidence=among_operators(finding.confidence, operators),
        details={**finding.details, "operators": str(operators)},
    )


def known(vault: Queryable, team: str | None = None) -> list[Insight]:
    """The proposals the vault holds, in the order of their ids; those of one team alone when it is named."""
    if team is not None:
        return answer(vault, Insight, __name__, "team", (team,))
    return answer(vault, Insight, __name__, "proposals")


def run(
    vault: Queryable, *, agent: str | None = None, kind: str | None = None, limit: int = 100, team: str | None = None
) -> Insights:
    """The proposals: the sure ones before the likely and the weak, in each of these those with most at stake first.

    Args:
        vault: The snapshot to answer from.
        agent: Only those about this agent.
        kind: Only those of this type.
        limit: At most so many.
        team: What was found among the runs of this team alone, instead of the proposals.
    """
    everything = known(vault, team)
    asked = [item for item in everything if agent in (None, *item.agents) and kind in (None, item.type)]
    asked.sort(key=_rank)
    (state,) = vault.sql(query(__name__, "state"), (basis(vault),)).to_pylist()
    return Insights(
        insights=tuple(asked[:limit]),
        total=len(asked),
        by_type=dict(sorted(Counter(item.type for item in asked).items())),
        contradictions=tuple(pairs_of(asked)),
        decayed=state["decayed"],
        synthesized=state["kept"] > 0,
        up_to_date=state["current"] > 0,
    )


def _rank(item: Insight) -> tuple[int, float, float, str]:
    at_stake = details_of(item).get("at_stake")
    weight = abs(at_stake) if isinstance(at_stake, float | int) else 0.0
    return (_WORDS.index(word(item.confidence)), -round(weight, 6), -item.confidence, item.insight_id)
