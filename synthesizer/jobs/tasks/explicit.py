"""When an id of the source and a text elsewhere mean the same task.

A data set may put one request under several ids (a customer's first words are the same, what he wants is not), so equal
texts join ids only where that cannot be what happened:

- Ids that a machine drew (a job's UUID) tell installations apart, not tasks: equal text joins them.
- Ids of different name spaces (``inspect:gaia:17``, ``task:gaia-17``: what stands before the last colon) are joined
  when the text belongs to exactly one id in each, and says enough (six words) to be more than an opening.
- Executions without an id join the ids of their text when these are, by now, one task.

Texts of which only the beginning is stored join nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .model import Attempt
from .normalise import is_cut, normalised, words

_DRAWN = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z", re.IGNORECASE)
_TELLING_WORDS = 6


def same_ids(attempts: Iterable[Attempt]) -> tuple[dict[str, str], dict[str, str]]:
    """Each id to the one that stands for it, and each text (as ``spaced``) that belongs to one id to that id.

    Of ids taken together the first in the alphabet stands for all, those a data set gave before those a machine drew.
    """
    ids_of: dict[str, set[str]] = defaultdict(set)
    parents: dict[str, str] = {}
    for attempt in attempts:
        if attempt.task_id:
            parents[attempt.task_id] = attempt.task_id
            if attempt.task_text and not is_cut(attempt.task_text):
                ids_of[spaced(attempt.task_text)].add(attempt.task_id)
    texts = {text: sorted(ids, key=_rank) for text, ids in sorted(ids_of.items()) if normalised(text)}
    for text, ids in texts.items():
        if joined := _joined(text, ids):
            roots = sorted({_root(parents, one) for one in joined}, key=_rank)
            for root in roots[1:]:
                parents[root] = roots[0]
    stands = {one: _root(parents, one) for one in sorted(parents)}
    return stands, _owned(texts, stands)


def spaced(text: str) -> str:
    """``text`` with its white space made even."""
    return " ".join(text.split())


def _joined(text: str, ids: Sequence[str]) -> list[str]:
    drawn = [one for one in ids if _DRAWN.search(one)]
    given = [one for one in ids if not _DRAWN.search(one)]
    spaces = {one.rpartition(":")[0] for one in given}
    if len(spaces) == len(given) and len(words(text)) >= _TELLING_WORDS:
        return [*given, *drawn]
    return drawn


def _owned(texts: Mapping[str, Sequence[str]], stands: Mapping[str, str]) -> dict[str, str]:
    owned = {}
    for text, ids in texts.items():
        owners = {stands[one] for one in ids}
        drawn = any(_DRAWN.search(one) for one in ids)
        if len(owners) == 1 and (drawn or len(words(text)) >= _TELLING_WORDS):
            owned[text] = owners.pop()
    return owned


def _rank(one: str) -> tuple[bool, str]:
    return (bool(_DRAWN.search(one)), one)


def _root(parents: dict[str, str], one: str) -> str:
    while parents[one] != one:
        parents[one] = parents[parents[one]]
        one = parents[one]
    return one
