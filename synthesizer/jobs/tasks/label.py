"""Words that tell a person which task it is: the same every time, and no two tasks the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from soma.synthesizer.wording import plain

from .group import Group
from .normalise import displayed
from .template import SLOT

_LABEL = 60
_KEY = 24
_END = 8
_SHOWN_SLOT = "<…>"
# Ids that end in a number or a hash tell a person less than the request does.
_OPAQUE = re.compile(r"(?:[0-9]|[0-9a-f-]{12})$", re.IGNORECASE)


def labels_of(groups: Mapping[str, Group]) -> dict[str, str]:
    """Key to label; of tasks that would have the same one, each is told by its key as well."""
    labels = {key: plain(_label(key, group), _LABEL) for key, group in groups.items()}
    many = Counter(labels.values())
    ends = Counter((label, key[-_END:]) for key, label in labels.items())
    return {
        key: label if many[label] == 1 else f"{label} · {_told_by(key, ends[label, key[-_END:]] == 1)}"
        for key, label in labels.items()
    }


def _told_by(key: str, by_end: bool) -> str:
    return plain(f"…{key[-_END:]}" if by_end and len(key) > _KEY else key, len(key) + 1)


def _label(key: str, group: Group) -> str:
    texts = sorted({attempt.task_text for attempt in group.attempts if attempt.task_text}, key=_short)
    if not texts or group.by["file"] or (group.by["explicit"] and not _OPAQUE.search(key)):
        return key
    if group.by["explicit"] or len({" ".join(text.split()) for text in texts}) == 1:
        return texts[0]
    # The form most executions have stands for those that are like it.
    form = min(group.texts, key=lambda text: (-group.texts[text], *_short(text.form))).form
    examples = [
        attempt.task_text
        for attempt, place in zip(group.attempts, group.places, strict=True)
        if attempt.task_text and place.text is not None and place.text.form == form
    ]
    return _cased(form, min(examples, key=_short))


def _cased(form: str, example: str) -> str:
    """``form``, which knows no capitals, with those of ``example``."""
    words, written = form.split(), displayed(example).split()
    if len(words) != len(written):
        cases = Counter(written)
        best = {word.casefold(): word for word in sorted(cases, key=lambda word: (cases[word], word))}
        written = [best.get(word, word) for word in words]
    return " ".join(_SHOWN_SLOT if word == SLOT else shown for word, shown in zip(words, written, strict=True))


def _short(text: str) -> tuple[int, str]:
    return (len(text), text)
