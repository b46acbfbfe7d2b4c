"""What a trace alone shows of each decision: one number per feature, most of them 0 or 1. Pure.

A feature looks at the decision, at what came before it, and at what followed; never at labels, scores or the right
answer. ``FEATURES`` gives the order of the columns, and the words a person reads where the feature speaks for blame
(none where it only says how the decision looks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .model import Step
from .signs import Signs, signs_of

BROKEN = frozenset({"failed", "timeout"})

_OFF_TASK = 0.75
"""A course that takes up less than a quarter of the telling words of the task has lost sight of it."""
_A_COURSE = 40
"""Words from which on an opening lays out a course; a single call does not."""

FEATURES: dict[str, str] = {
    "opening": "it set the course of the whole run",
    "off_task": "it set a course that loses sight of the task",
    "second": "it is the second step",
    "later": "",
    "last": "it is the last step",
    "failed": "it failed",
    "first_failure": "the first failure of the run",
    "never_repaired": "it failed, and the same action never succeeded afterwards",
    "poor_result": "what came back is empty or speaks of an error",
    "repeat": "the same call as before, unchanged",
    "ran": "",
    "doubted": "what follows it speaks of a mistake",
    "concludes": "it states a result",
    "final_answer": "figures of the final answer appear here for the first time",
    "figures_kept": "figures it brought in are used later on",
    "unsupported": "it states figures that nothing before it supports",
    "made_up": "it assumes or simulates instead of looking up",
    "cannot": "it says that it cannot do what was asked",
    "code": "it wrote code",
    "first_code": "the first code of the run",
    "changes": "it changes something that cannot easily be taken back",
    "first_change": "the first change of the run",
    "new_voice": "an agent speaks for the first time",
    "checker": "said by an agent that is there to check",
    "asks_only": "",
    "length": "",
    "after_failure": "it builds on a failure or an empty result",
}


def features_of(steps: Sequence[Step], task: str | None, *, talk: bool) -> list[list[float]]:
    """One row per decision, one column per entry of ``FEATURES``.

    Args:
        steps: The decisions of one run in their order.
        task: What was asked, which supports the figures in it.
        talk: Whether several agents talk in the run, so that ``tool`` is the speaker.
    """
    signs = signs_of(steps, task)
    return [_row(place, steps, signs, talk=talk) for place in range(len(steps))]


def _row(place: int, steps: Sequence[Step], signs: Sequence[Signs], *, talk: bool) -> list[float]:
    step, sign, total = steps[place], signs[place], len(steps)
    broken = [other.outcome in BROKEN for other in steps]
    earlier = [other for other in steps[:place] if other.arguments_digest]
    follows = signs[place + 1] if place + 1 < total else None
    values = {
        "opening": place == 0,
        "off_task": place == 0 and sign.words >= _A_COURSE and sign.strays > _OFF_TASK,
        "second": place == 1,
        "later": place / max(total - 1, 1),
        "last": place == total - 1,
        "failed": broken[place],
        "first_failure": broken[place] and not any(broken[:place]),
        "never_repaired": broken[place]
        and not any(o.action == step.action and o.outcome == "ok" for o in steps[place + 1 :]),
        "poor_result": sign.poor and not broken[place],
        "repeat": any(o.action == step.action and o.arguments_digest == step.arguments_digest for o in earlier),
        "ran": step.outcome == "ok",
        "doubted": follows is not None and follows.doubts,
        "concludes": sign.concludes,
        "final_answer": sign.final_answer,
        "figures_kept": math.log1p(sign.kept),
        "unsupported": math.log1p(sign.unsupported),
        "made_up": sign.made_up,
        "cannot": sign.cannot,
        "code": sign.code,
        "first_code": sign.code and not any(other.code for other in signs[:place]),
        "changes": sign.changes,
        "first_change": sign.changes and not any(other.changes for other in signs[:place]),
        "new_voice": talk and all(other.tool != step.tool for other in steps[:place]),
        "checker": talk and sign.checker,
        "asks_only": sign.words < 12,
        "length": math.log1p(sign.words) / 8,
        "after_failure": place > 0 and (broken[place - 1] or signs[place - 1].poor),
    }
    return [float(values[name]) for name in FEATURES]
