"""Two agents do the same work: who does better, at which step do they part, and is it real?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.kept import kept, once_of
from soma.synthesizer.queries import query
from soma.synthesizer.walks import walks_of

from .compute import Question, divergence_of
from .model import Divergence, Run
from .places import Paths


def run(
    vault: Queryable,
    agents: Sequence[str] | None = None,
    task: str | None = None,
    *,
    delta: float = 0.10,
    level: float = 0.95,
    limit: int = 50,
    everyone: bool = False,
) -> Divergence:
    """Compares agents on the tasks they share.

    Args:
        vault: The snapshot to answer from.
        agents: Two or more: all pairs of them; one: it against all others; ``None``: all pairs that share tasks.
        task: Compare only on the tasks of this key or label, or whose label contains it.
        delta: A difference below this does not matter (0.10 = ten points).
        level: Of the intervals; ``1 - level`` bounds the share of false ones among the pairs called different.
        limit: How many pairs to look into; verdicts are counted over all.
        everyone: Look into every pair, not only into each agent beside its best peer.
    """
    question = Question(
        agents=tuple(agents) if agents else None, task=task, delta=delta, level=level, limit=limit, everyone=everyone
    )
    return kept(
        vault,
        "divergence",
        msgspec.to_builtins(question),
        Divergence,
        lambda: _answered(vault, question),
    )


def _answered(vault: Queryable, question: Question) -> Divergence:
    once = once_of(vault)
    runs = once(("divergence", "runs"), lambda: answer(vault, Run, __name__, "query"))
    return divergence_of(
        runs, tasks.run(vault), lambda: once(("divergence", "paths"), lambda: _paths(vault)), question, once
    )


def _paths(vault: Queryable) -> Paths:
    return Paths(walks_of(vault).words, lambda: vault.sql(query(__name__, "paths")))
