"""Judgements recorded in a trace: evaluator spans, evaluation events, annotations, and what they say about the task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_object, as_text

from . import conventions
from .conventions import SpanRole, first
from .values import amount, parsed
from .wire import WireSpan

_PASS = frozenset({"pass", "passed", "true", "yes", "success", "successful", "succeeded", "correct", "resolved"})
_FAIL = frozenset({"fail", "failed", "false", "no", "failure", "unsuccessful", "incorrect", "wrong", "unresolved"})
_ABOUT_THE_TASK = ("task", "success", "complet", "goal", "correct", "resolv", "outcome")


class Evaluation(msgspec.Struct, frozen=True):
    """One judgement: what was judged, whether it passed (``None``: only a score), and the score."""

    name: str
    passed: bool | None
    score: float | None


def evaluations_in(span: WireSpan, role: SpanRole) -> list[Evaluation]:
    """The judgements a span holds in its events, attributes and annotations."""
    found: list[Evaluation | None] = [
        _evaluation(event.attributes, event.name) for event in span.events if event.name == conventions.EVALUATION_EVENT
    ]
    attributes = span.attributes
    if role == "evaluator" or not attributes.keys().isdisjoint(conventions.EVALUATION_NAME):
        verdict = _evaluation(attributes, span.name)
        found.append(verdict or _evaluation(as_object(parsed(attributes.get("output.value"))), span.name))
    for name in conventions.EVALUATION_LISTS:
        if name not in attributes:
            continue
        for item in as_list(parsed(attributes.get(name))):
            fields = as_object(item)
            found.append(_evaluation(as_object(fields.get("annotation")) or fields, name))
    return [evaluation for evaluation in found if evaluation is not None]


def verdict(evaluations: Iterable[Evaluation]) -> Evaluation | None:
    """What a run's judgements say together about its task.

    Those named for the task (success, completion, correctness, ...) decide where there are any. Judgements that
    disagree decide nothing.
    """
    found = sorted(set(evaluations), key=lambda item: (item.name, str(item.passed), item.score or 0.0))
    named = [item for item in found if any(word in item.name.lower() for word in _ABOUT_THE_TASK)]
    relevant = named or found
    verdicts = {item.passed for item in relevant if item.passed is not None}
    scores = {item.score for item in relevant if item.score is not None}
    passed = verdicts.pop() if len(verdicts) == 1 else None
    score = scores.pop() if len(scores) == 1 else None
    if passed is None and score is None:
        return None
    return Evaluation(relevant[0].name, passed, score)


def _evaluation(fields: Mapping[str, Any], fallback: str) -> Evaluation | None:
    label = first(fields, (*conventions.EVALUATION_LABEL, "label"))
    written = first(fields, (*conventions.EVALUATION_SCORE, "score"))
    score = float(written) if isinstance(written, bool) else amount(written)
    passed = label if isinstance(label, bool) else _passed(as_text(label))
    if passed is None and label is None and score in (0.0, 1.0):
        passed = score == 1.0
    if passed is None and score is None:
        return None
    name = as_text(first(fields, (*conventions.EVALUATION_NAME, "name"))) or fallback
    return Evaluation(name, passed, score)


def _passed(label: str | None) -> bool | None:
    word = label.strip().lower() if label else ""
    return True if word in _PASS else False if word in _FAIL else None
