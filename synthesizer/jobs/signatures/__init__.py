"""The paths each agent takes, how often, and how they end."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.kept import kept

from .compute import cut, signatures_of
from .model import Run, Signatures

_KEPT = 200


def run(vault: Queryable, agent: str | None = None, *, level: float = 0.95, limit: int = 200) -> Signatures:
    """Every signature of every agent, or of ``agent``; at most ``limit`` rows, the most frequent first."""
    most = max(limit, _KEPT)
    found = kept(
        vault,
        "signatures",
        {"agent": agent, "level": level, "limit": most},
        Signatures,
        lambda: signatures_of(answer(vault, Run, __name__, "query", (agent, agent)), level=level, limit=most),
    )
    return cut(found, limit)
