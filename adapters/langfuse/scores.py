"""Whether scores of a trace say that its task was achieved."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_number, as_text

_VERDICTS = (
    "success", "task_success", "task_completion", "goal_completion", "resolved", "passed", "pass", "correctness",
    "correct", "accuracy", "reward",
)  # fmt: skip
_PASSED = frozenset({"pass", "passed", "true", "yes", "success", "correct", "resolved"})
_FAILED = frozenset({"fail", "failed", "false", "no", "failure", "incorrect", "wrong", "unresolved"})
_ENOUGH = 0.5


class Score(msgspec.Struct, frozen=True, order=True):
    """One score of a whole trace.

    Attributes:
        name: In lower case with underscores.
        value: As given; 1 or 0 for words that mean a pass or a failure.
        source: Who scored: ``evaluation`` (a judge that Langfuse ran) or ``feedback`` (people and applications).
    """

    name: str
    value: float
    source: str


def score_of(fields: dict[str, Any]) -> Score | None:
    """A score of a whole trace that judges its task; ``None`` for other scores."""
    name = (as_text(fields.get("name")) or "").strip().lower().replace(" ", "_").replace("-", "_")
    if name not in _VERDICTS or as_text(fields.get("observationId")) is not None:
        return None
    word = (as_text(fields.get("stringValue")) or as_text(fields.get("value")) or "").strip().lower()
    flag = fields.get("value")
    if word in _PASSED or flag is True:
        value: float | None = 1.0
    elif word in _FAILED or flag is False:
        value = 0.0
    else:
        value = as_number(flag)
    if value is None:
        return None
    return Score(name, value, "evaluation" if fields.get("source") == "EVAL" else "feedback")


def verdict_of(scores: set[Score]) -> tuple[float | None, bool | None, str | None]:
    """Score, success and who says so, by the scores of the first name that stands for a task achieved.

    A score from 0 to 1 is a success from one half on; scores off that scale, or on both sides of it, decide nothing.
    """
    for name in _VERDICTS:
        found = sorted(score for score in scores if score.name == name)
        if not found:
            continue
        mean = sum(score.value for score in found) / len(found)
        sides = {score.value >= _ENOUGH for score in found if 0 <= score.value <= 1}
        sources = {score.source for score in found}
        if len(sides) != 1 or not all(0 <= score.value <= 1 for score in found):
            return mean, None, None
        return mean, sides.pop(), "feedback" if "feedback" in sources else "evaluation"
    return None, None, None
