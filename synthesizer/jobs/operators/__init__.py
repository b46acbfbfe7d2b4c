"""Who stands behind the executions: operators, their sessions over all instances, and teams."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer

from .compute import operators_of
from .model import Operators, Run


def run(vault: Queryable, *, sessions: int = 20) -> Operators:
    """Operators and teams as traces and the project's rules name them; at most so many sessions of each operator."""
    return operators_of(answer(vault, Run, __name__, "query"), sessions=sessions)
