"""Texts that are nearly equal, found without comparing everything with everything."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .normalise import words

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_LIKE = 90.0
# More than the words two sets are asked to have in common.
_LEAST_WORDS = 6
_SHARED = 0.8
_APART = 3
_COMMON = 3
_CANDIDATES = 20_000_000
_COMPARISONS = 400_000
_LETTERS = 600


def like_texts(texts: Iterable[str]) -> tuple[dict[str, str], bool]:
    """Each text to the first, in order of the alphabet, of those it is connected with; and whether work was capped.

    Two texts are alike when their sets of words are (``token_set_ratio`` of at least 90, eight words in ten shared), at
    most three words of either are missing in the other, and both are long enough for that to mean something. Of two
    long requests that share all but a paragraph, that paragraph is the task: the share alone would not see it. Groups
    are the connected components, so the order in which texts come does not matter.
    """
    ordered = sorted(set(texts))
    parents = {text: text for text in ordered}
    vocabulary = {text: found for text in ordered if len(found := set(words(text))) >= _LEAST_WORDS}
    capped = False
    if len(vocabulary) > 1:
        from rapidfuzz.fuzz import token_set_ratio

        pairs, capped = _candidates(vocabulary)
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


def _candidates(vocabulary: Mapping[str, set[str]]) -> tuple[list[tuple[str, str]], bool]:
    """Pairs worth comparing: two sets that share most of their words share several of the rarer ones.

    Prefix filtering: with words in order of frequency and at least t of n shared, the first k shared words stand among
    the first n - t + k (Chaudhuri, Ganti & Kaushik, ICDE 2006; k > 1: Wang, Li & Feng, SIGMOD 2012). The pairs that
    share k of these come from one product of sparse matrices. A cap drops the most frequent words, which tell least.
    """
    import numpy as np

    texts = list(vocabulary)
    prefixes, capped = _prefixes([vocabulary[text] for text in texts])
    product = prefixes @ prefixes.T
    telling = np.flatnonzero(product.data >= _COMMON)
    columns = product.indices[telling]
    rows = np.searchsorted(product.indptr, telling, side="right") - 1
    near = np.flatnonzero(rows < columns)
    near = near[np.lexsort((columns[near], rows[near]))]
    pairs: list[tuple[str, str]] = []
    for one, other in zip(rows[near].tolist(), columns[near].tolist(), strict=True):
        first, second = vocabulary[texts[one]], vocabulary[texts[other]]
        larger = max(len(first), len(second))
        if len(first & second) >= max(_SHARED * larger, larger - _APART):
            if len(pairs) == _COMPARISONS:
                return pairs, True
            pairs.append((texts[one], texts[other]))
    return pairs, capped


def _prefixes(sets: Sequence[set[str]]) -> tuple[csr_array, bool]:
    """One row per set, one column per word, a 1 where the word is among the set's rarer ones; and whether capped."""
    import numpy as np
    from scipy.sparse import csr_array

    frequency = Counter(word for found in sets for word in found)
    ranks = {word: rank for rank, word in enumerate(sorted(frequency, key=lambda word: (frequency[word], word)))}
    rows: list[int] = []
    columns: list[int] = []
    for row, found in enumerate(sets):
        length = len(found) - math.ceil(_SHARED * len(found)) + _COMMON
        prefix = sorted(ranks[word] for word in found)[:length]
        rows += [row] * len(prefix)
        columns += prefix
    places = np.array(columns)
    holders = np.bincount(places, minlength=len(ranks))
    work = np.cumsum(np.sort(holders * (holders - 1) // 2))
    most = int(np.searchsorted(work, _CANDIDATES, side="right"))
    capped = most < len(ranks)
    kept = holders < np.sort(holders)[most] if capped else np.ones(len(ranks), dtype=bool)
    chosen = kept[places] & (holders[places] > 1)
    ones = np.ones(int(chosen.sum()), dtype=np.int32)
    shape = (len(sets), len(ranks))
    return csr_array((ones, (np.array(rows)[chosen], places[chosen])), shape=shape), capped
