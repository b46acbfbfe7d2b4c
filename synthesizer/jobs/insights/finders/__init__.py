"""One module for each kind of finding; each has ``find(vault)``, which reads executions and decisions, no insights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs.insights.model import Finding

from . import divergences

FINDERS: Mapping[str, Callable[[Queryable], Sequence[Finding]]] = {
    "divergence": divergences.find,
}
"""Type of finding to what finds it. None reads the vault's insights: soma never learns from what it wrote itself."""
