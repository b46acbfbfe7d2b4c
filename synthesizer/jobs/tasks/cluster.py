"""Texts that are nearly equal, found without comparing everything with everything."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from .normalise import words

_LIKE = 90.0
_LEAST_WORDS = 6
_SAME_SIZE = 0.75
_SHARED = 0.7
_COMPARISONS = 400_000
_LETTERS = 600


def like_texts(texts: Iterable[str]) -> tuple[dict[str, str], bool]:
    """Each text to the first, in order of the alphabet, of those it is connected with; and whether work was capped.

    Two texts are alike when their sets of words are (``token_set_ratio`` of at least 90), neither is a mere part of
    the other (word counts within a quarter) and both are long enough for that to mean something. Groups are the
    connected components, so the order in which texts come does not matter.
    """
    ordered = sorted(set(texts))
    parents = {text: text for text in ordered}
    pairs, capped = _candidates({text: set(words(text)) for text in ordered})
    if pairs:
        from rapidfuzz.fuzz import token_set_ratio

        for one, other in pairs:
            first, second = _root(parents, one), _root(parents, other)
            if first != second and token_set_ratio(one[:_LETTERS], other[:_LETTERS], score_cutoff=_LIKE) >= _LIKE:
                parents[max(first, second)] = min(first, second)
    return {text: _root(parents, text) for text in ordered}, capped


def _root(parents: dict[str, str], text: str) -> str:
    while parents[text] != text:
        parents[text] = parents[parents[text]]
        text = parents[text]
    return text


def _candidates(vocabulary: dict[str, set[str]]) -> tuple[list[tuple[str, str]], bool]:
    """Pairs worth comparing: two sets that share most of their words share one of the rarer ones (prefix filtering).

    Chaudhuri, Ganti & Kaushik, ICDE 2006. Small buckets come first, so that a cap drops the least telling pairs.
    """
    usable = {text: found for text, found in vocabulary.items() if len(found) >= _LEAST_WORDS}
    frequency = Counter(word for found in usable.values() for word in found)
    buckets: dict[str, list[str]] = defaultdict(list)
    for text, found in usable.items():
        rarest = sorted(found, key=lambda word: (frequency[word], word))
        for word in rarest[: len(found) - math.ceil(_SHARED * len(found)) + 1]:
            buckets[word].append(text)
    pairs: dict[tuple[str, str], None] = {}
    seen = 0
    for _, bucket in sorted(buckets.items(), key=lambda item: (len(item[1]), item[0])):
        seen += len(bucket) * (len(bucket) - 1) // 2
        if seen > _COMPARISONS:
            return list(pairs), True
        for place, one in enumerate(bucket):
            size = len(usable[one])
            for other in bucket[place + 1 :]:
                if min(size, len(usable[other])) >= _SAME_SIZE * max(size, len(usable[other])):
                    pairs[one, other] = None
    return list(pairs), False
