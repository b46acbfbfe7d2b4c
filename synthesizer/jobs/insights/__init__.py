"""What the jobs found, as proposals with confidence and evidence that wait for a person's decision."""

from __future__ import annotations

from collections import Counter

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.kept import basis, kept
from soma.synthesizer.queries import query

from .confidence import word
from .contradictions import details_of, pairs_of
from .finders import FINDERS
from .ground import Ground
from .merge import Merged, merge
from .model import Finding, Findings, Insight, Insights

__all__ = ["Finding", "Findings", "Insight", "Insights", "Merged", "find", "known", "merge", "pairs_of", "run"]

_WORDS = ("sure", "likely", "weak")


def find(vault: Queryable) -> Findings:
    """Every finding of every finder, from executions and decisions alone."""

    def look() -> Findings:
        ground = Ground(vault)
        found = [finding for finder in FINDERS.values() for finding in finder(ground)]
        return Findings(tuple(sorted(found, key=lambda finding: (finding.type, finding.subject))))

    return kept(vault, "insights", {}, Findings, look)


def known(vault: Queryable) -> list[Insight]:
    """The proposals the vault holds, in the order of their ids."""
    return answer(vault, Insight, __name__, "proposals")


def run(vault: Queryable, *, agent: str | None = None, kind: str | None = None, limit: int = 100) -> Insights:
    """The proposals: the sure ones before the likely and the weak, in each of these those with most at stake first.

    Args:
        vault: The snapshot to answer from.
        agent: Only those about this agent.
        kind: Only those of this type.
        limit: At most so many.
    """
    everything = known(vault)
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
