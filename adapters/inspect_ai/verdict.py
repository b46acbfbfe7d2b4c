"""How a sample was judged, and how it ended.

A score of C, 1, true or yes is success; I, N (no answer), 0, false or no is not. Anything else (P for partial credit, a
number that is neither 0 nor 1, a score of several parts) leaves success open: a log does not say from which number on a
task counts as done. Several scorers decide together: when they disagree, success stays open too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.model import Status

from .shapes import Sample

_WORDS = {
    "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0,
}  # fmt: skip
_LABEL_CHARS = 40


class Verdict(msgspec.Struct, frozen=True):
    """What the scorers said.

    Attributes:
        success: Whether the task was achieved, where they say so.
        score: What the first scorer gave, as Inspect counts it (C is 1, P one half, I and N are 0).
        said: What each scorer wrote, as far as it is short.
    """

    success: bool | None
    score: float | None
    said: dict[str, str]


def verdict_of(sample: Sample) -> Verdict:
    """The verdict of all scorers of a sample."""
    scores = as_object(sample.scores)
    if not scores and (single := as_object(sample.score)):
        scores = {"score": single}
    values = {name: as_object(score).get("value") for name, score in scores.items()}
    numbers = [as_score(value) for value in values.values()]
    answers = {None if number not in (0.0, 1.0) else number == 1.0 for number in numbers}
    said = {name: text for name, value in values.items() if (text := _short(value)) is not None}
    return Verdict(answers.pop() if len(answers) == 1 else None, numbers[0] if numbers else None, said)


def as_score(value: Any) -> float | None:
    """A score's value as a number; ``None`` for what is none (also a score of several parts)."""
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return as_number(value)
    text = value.strip().lower()
    if text in _WORDS:
        return _WORDS[text]
    try:
        return as_number(float(text)) if len(text) <= _LABEL_CHARS and text.isascii() else None
    except ValueError:
        return None


def _short(value: Any) -> str | None:
    text = value if isinstance(value, str) else str(value) if isinstance(value, bool | int | float) else ""
    return text if 0 < len(text) <= _LABEL_CHARS else None


class Ending(msgspec.Struct, frozen=True):
    """How a sample ended; the status of the evaluation says nothing of that."""

    status: Status
    error: str | None = None
    limit: str | None = None


def ending_of(sample: Sample, evaluation: Any) -> Ending:
    """An error or a limit ends a sample before it is done; one stopped by a person did not fail.

    Args:
        sample: The sample.
        evaluation: Status of its evaluation: what a cancelled one left without a score may have been cut off.
    """
    if sample.error is not None:
        fields = as_object(sample.error)
        return Ending("failed", as_text(fields.get("message")) or as_text(sample.error) or "error")
    if sample.limit is not None:
        fields = as_object(sample.limit)
        kind = as_text(fields.get("type")) or as_text(sample.limit) or "unknown"
        number = as_number(fields.get("limit"))
        error = f"{kind} limit" if number is None else f"{kind} limit of {number:g}"
        return Ending("unknown" if kind == "operator" else "failed", error, kind)
    scored = bool(as_object(sample.scores) or as_object(sample.score))
    answered = bool(as_list(as_object(sample.output).get("choices")))
    return Ending("completed" if scored or (answered and evaluation == "success") else "unknown")
