"""What is known of an execution after its first k decisions: one row of numbers per moment. Pure.

Two blocks. The dense block (``DENSE``) counts what happened: signals, pressures and floors of the engine, errors,
repeats, lengths, roles, the signs of the texts. The text block holds hashed words and pairs of words of errors,
outputs, arguments, reasoning, actions and the task (Weinberger et al., "Feature Hashing for Large Scale Multitask
Learning", ICML 2009): ``WIDTH`` columns whatever the vocabulary, the same in every process.

A row is made of the first k decisions and of what was known before them, and of nothing else: not of the length of the
execution, its status, its success, its score, or of the fields its source could fill. Nothing has to be kept of a
vocabulary, so that no text of a trace can be read from a stored model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from soma.synthesizer.jobs.localize.signs import said_in, signs_of

from .hashing import WIDTH, hashed
from .model import Known, Moment

VERSION = 1
"""Raised whenever a row is made differently: a model of another version is not used."""

_ROLES = ("shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other")
_BROKEN = frozenset({"failed", "timeout"})
_LATELY = 3
_LEAST_REPEATED = 2

DENSE: tuple[str, ...] = (
    "pressure", "peak pressure", "floor", "peak floor", "warned", "uncertainty", "drift", "error rate", "token usage",
    "cost", "decisions", "failed share", "failed lately", "failed last", "streak", "unknown share", "same call share",
    "same call last", "same answer share", "same answer last", "different actions", "entropy of actions",
    "different tools", "argument length", "argument length last", "output length", "output length last",
    "empty share", "empty last", "reasoning length", "reasoning length last", "silent share", "turns", "questions",
    "task length", "task figures", "strays", "strays last", "poor share", "poor last", "changes share", "changes last",
    "code share", "checker share", "doubts share", "doubts last", "concludes share", "made up share", "cannot share",
    "figures unsupported", "figures kept", "tokens", "tokens known", "duration", "duration known",
    *(f"role {role}" for role in _ROLES),
)  # fmt: skip
"""Names of the dense columns; one per pattern of the vault follows them."""


def dense(moment: Moment, patterns: Sequence[str]) -> list[float]:
    """The dense row of a moment; ``patterns`` are the names of those that may have matched, in a fixed order."""
    steps, seen = moment.steps, moment.readings
    many = len(steps)
    last, now = steps[-1], seen[-1]
    signs = signs_of(steps, moment.task_text)
    failed = [step.outcome in _BROKEN for step in steps]
    calls = [f"{step.action}\x1f{step.arguments_digest}" if step.arguments_digest else None for step in steps]
    answers = [step.output_digest if (step.output or "").strip() else None for step in steps]
    again, answered = _again(calls), _again(answers)
    actions = Counter(step.action for step in steps)
    said = [len(step.reasoning or "") for step in steps]
    given = [len(step.arguments or "") for step in steps]
    came = [len((step.output or step.error or "").strip()) for step in steps]
    tokens = [step.tokens for step in steps if step.tokens is not None]
    took = [step.duration_ms for step in steps if step.duration_ms is not None]
    task = moment.task_text or ""
    roles = Counter(step.role if step.role in _ROLES else "other" for step in steps)
    matched = {name for reading in seen for name in reading.patterns}

    def share(values: Sequence[object]) -> float:
        return sum(map(bool, values)) / many

    return [
        now.pressure, max(one.pressure for one in seen), now.floor, max(one.floor for one in seen),
        share([one.warned for one in seen]), *now.pressures,
        math.log(many), share(failed), sum(failed[-_LATELY:]) / min(_LATELY, many), float(failed[-1]),
        _log(_streak(failed)), share([step.outcome == "unknown" for step in steps]), share(again), float(again[-1]),
        share(answered), float(answered[-1]), len(actions) / many, _entropy(actions),
        len({step.tool for step in steps}) / many, _mean(map(_log, given)), _log(given[-1]), _mean(map(_log, came)),
        _log(came[-1]), share([not size for size in came]), float(not came[-1]), _mean(map(_log, said)),
        _log(said[-1]), share([not size for size in said]), _log(last.turn),
        _log(sum((step.reasoning or "").count("?") for step in steps)), _log(len(task)),
        _log(sum(character.isdigit() for character in task)), _mean(sign.strays for sign in signs), signs[-1].strays,
        share([sign.poor for sign in signs]), float(signs[-1].poor), share([sign.changes for sign in signs]),
        float(signs[-1].changes), share([sign.code for sign in signs]), share([sign.checker for sign in signs]),
        share([sign.doubts for sign in signs]), float(signs[-1].doubts), share([sign.concludes for sign in signs]),
        share([sign.made_up for sign in signs]), share([sign.cannot for sign in signs]),
        _log(sum(sign.unsupported for sign in signs)), _log(sum(sign.kept for sign in signs)),
        _mean(map(_log, tokens)), float(bool(tokens)), _mean(map(_log, took)), float(bool(took)),
        *(roles[role] / many for role in _ROLES), *(float(name in matched) for name in patterns),
    ]  # fmt: skip


def text(moment: Moment) -> list[float]:
    """The text block of a moment: ``WIDTH`` numbers whose squares add up to 1, or all 0 where there is no text."""
    return hashed(_fields(moment))


def _fields(moment: Moment) -> Iterator[tuple[str, str]]:
    yield "task", moment.task_text or ""
    for step in moment.steps:
        yield "said", said_in(step)
        yield ("error" if step.outcome in _BROKEN else "output"), step.error or step.output or ""
        yield "action", f"{step.action} {step.outcome}"
    yield "last", f"{moment.steps[-1].action} {moment.steps[-1].outcome}"
    yield "path", " ".join(step.action.replace(" ", "_") for step in moment.steps)


def _again(marks: Sequence[str | None]) -> list[bool]:
    """Of each, whether it is known and stood there before."""
    seen: set[str] = set()
    found = []
    for mark in marks:
        found.append(mark in seen)
        if mark is not None:
            seen.add(mark)
    return found


def _streak(failed: Sequence[bool]) -> int:
    """How many failed in a row up to the last."""
    return next((behind for behind, broken in enumerate(reversed(failed)) if not broken), len(failed))


def _entropy(counts: Counter[str]) -> float:
    """Entropy of the actions in bits."""
    total = sum(counts.values())
    return -math.fsum(many / total * math.log2(many / total) for many in counts.values())


def _mean(values: Iterator[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed) if listed else 0.0


def _log(value: float) -> float:
    return math.log1p(max(0.0, value))


__all__ = ["DENSE", "VERSION", "WIDTH", "Known", "dense", "text"]
