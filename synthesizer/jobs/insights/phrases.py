"""Parts of sentences that several findings use."""

from __future__ import annotations

from collections.abc import Sequence

from soma.synthesizer.stats import Proportion
from soma.synthesizer.wording import bounds, number, percent, plain, points

from .ground import Effect, Measure

_NAMED = 3
SHORT, LONG = 60, 160


def named(names: Sequence[str], what: str = "agent") -> str:
    """``a``, ``a and b``, ``a, b, c and 4 more agents``; a dash for an agent that has no name."""
    shown = [plain(name, SHORT) or "(not named)" for name in names[:_NAMED]]
    if len(names) > _NAMED:
        return f"{', '.join(shown)} and {number(len(names) - _NAMED, f'more {what}')}"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def of_runs(share: Proportion) -> str:
    """``12 of 40 runs (30.0 % [18.1, 45.4])``."""
    return f"{share.successes:,} of {number(share.total, 'run')} ({percent(share.rate)} {bounds(share.interval)})"


def did(measure: Measure) -> str:
    """What doing well means."""
    return "achieve their task" if measure == "success" else "complete"


def beside(effect: Effect, others: str, these: str = "of these") -> str:
    """How marked runs end and how others do, with the difference: within tasks, so not that of the two shares."""
    task_by_task = " task by task" if effect.difference.strata > 1 else ""
    return (
        f"{percent(effect.marked.rate)} {these} {did(effect.measure)}, {percent(effect.others.rate)} of {others} "
        f"({points(effect.difference)}{task_by_task})"
    )
