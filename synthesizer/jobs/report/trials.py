"""Gates as the report tells them: which labels deal executions to arms, and what the arms show so far. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from soma.synthesizer.jobs.gates.model import Comparison, Gates, Measure, Verdict

from .ground import Count, Effect, Proportion, Range, Share, proportion_of, range_of, rounded

BY = ("arm", "variant", "experiment")
"""Labels that are looked for when the settings name none."""


class TrialArm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All executions with one value of the label."""

    name: str
    executions: Count
    outcome: Proportion


class TrialComparison(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A treatment beside the control on the tasks both attempted.

    ``interval`` and ``qValue`` hold at all looks together, ``effect`` at this one look only. ``moreRuns``: about how
    many more an arm needs until it is decided; null when it is, or when a million would not do.
    """

    treatment: str
    control: str
    verdict: Verdict
    tasks: Count
    treatment_outcome: Proportion
    control_outcome: Proportion
    effect: Effect | None
    interval: Range
    e_value: Annotated[float, Meta(ge=0)]
    q_value: Share
    more_runs: Count | None
    cautions: list[str]


class Trial(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One label."""

    by: str
    measure: Measure
    control: str | None
    control_chosen: bool
    arms: list[TrialArm]
    comparisons: list[TrialComparison]


def trial_of(gates: Gates) -> Trial:
    """One label's arms and comparisons."""
    return Trial(
        by=gates.by,
        measure=gates.measure,
        control=gates.control,
        control_chosen=gates.control_chosen,
        arms=[
            TrialArm(name=arm.name, executions=arm.executions, outcome=proportion_of(arm.outcome)) for arm in gates.arms
        ],
        comparisons=[_comparison(one) for one in gates.comparisons],
    )


def _comparison(one: Comparison) -> TrialComparison:
    return TrialComparison(
        treatment=one.treatment,
        control=one.control,
        verdict=one.verdict,
        tasks=one.tasks,
        treatment_outcome=proportion_of(one.treatment_outcome),
        control_outcome=proportion_of(one.control_outcome),
        effect=Effect(estimate=rounded(one.effect.estimate), interval=range_of(one.effect.interval))
        if one.effect else None,
        interval=range_of(one.interval),
        # Evidence beyond this is not told apart; it would only make the file depend on how large a float may be.
        e_value=float(f"{min(one.e_value, 1e12):.4g}"),
        q_value=float(f"{min(1.0, one.q_value):.4g}"),
        more_runs=one.more.for_delta if one.more else None,
        cautions=[caution.text for caution in one.cautions],
    )  # fmt: skip
