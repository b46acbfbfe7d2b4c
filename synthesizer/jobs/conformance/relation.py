"""Does conformance go with the outcome? The less conforming half of an agent's runs against the other, by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Stratum, benjamini_hochberg, compare, proportion

from .model import Measure, Relation, Run, Verdict
from .usual import quantile


class Outcome(msgspec.Struct, frozen=True):
    """One measured execution."""

    run: Run
    task: str | None
    conformance: float


def related(runs: Sequence[Outcome], level: float) -> Relation | None:
    """The runs below the median against the others; ``None`` when all conform alike or no outcome is known."""
    measure: Measure = "success" if any(item.run.success is not None for item in runs) else "status"
    known = [(item, good) for item in runs if (good := did_well(item.run, measure)) is not None]
    if not known:
        return None
    below = quantile(sorted(item.conformance for item, _ in known), 0.5)
    if below == min(item.conformance for item, _ in known):
        # Half of the runs or more conform least: what lies above is the other side.
        above = sorted(item.conformance for item, _ in known if item.conformance > below)
        if not above:
            return None
        below = above[0]
    # Runs whose task is not known are compared with each other only.
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for item, good in known:
        row = counts[item.task or ""]
        side = 2 if item.conformance < below else 0
        row[side] += good
        row[side + 1] += 1
    strata = [Stratum(*row) for _, row in sorted(counts.items())]
    totals = [sum(row[place] for row in counts.values()) for place in range(4)]
    return Relation(
        measure=measure,
        below=below,
        conforming=proportion(totals[0], totals[1], level),
        deviating=proportion(totals[2], totals[3], level),
        difference=compare(strata, level),
        q_value=None,
        verdict="not enough data",
    )


def settled(relations: Sequence[Relation | None], delta: float, level: float) -> list[Relation | None]:
    """The verdicts, false discoveries controlled over all agents."""
    tested = [item.difference.p_value for item in relations if item is not None and item.difference is not None]
    adjusted = iter(benjamini_hochberg(tested))
    found: list[Relation | None] = []
    for item in relations:
        if item is None or item.difference is None:
            found.append(item)
            continue
        q_value = next(adjusted)
        verdict: Verdict = "not enough data"
        if item.difference.interval.within(delta):
            verdict = "alike"
        elif item.difference.interval.excludes(0) and q_value <= 1 - level:
            verdict = "different"
        found.append(msgspec.structs.replace(item, q_value=q_value, verdict=verdict))
    return found
