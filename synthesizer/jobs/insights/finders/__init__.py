"""One module for each kind of finding; each has ``find(ground)``, which reads executions and decisions, no insights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import Finding

from . import (
    archetypes,
    bottlenecks,
    costs,
    delegations,
    divergences,
    drifts,
    failures,
    preferences,
    prefixes,
    retries,
)

FINDERS: Mapping[str, Callable[[Ground], Sequence[Finding]]] = {
    "divergence": divergences.find,
    "failure cluster": failures.find,
    "failure prefix": prefixes.find,
    "retries": retries.find,
    "bottleneck": bottlenecks.find,
    "tool preference": preferences.find,
    "delegation": delegations.find,
    "drift": drifts.find,
    "cost outlier": costs.find,
    "archetype": archetypes.find,
}
"""Type of finding to what finds it. None reads the vault's insights: soma never learns from what it wrote itself."""
