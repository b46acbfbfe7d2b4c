"""Texts that are nearly equal, found without comparing everything with everything."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .normalise import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LIKE = 90.0
_LEAST_WORDS = 6
_SAME_SIZE = 0.75
_SHARED = 0.7
_COMMON = 3
_CANDIDATES = 20_000_000
_COMPARISONS = 400_000
_LETTERS = 600


def like_texts(texts: Iterable[str]) -> tuple[dict[str, str], bool]:
    """Each text to the first, in order of the alphabet, of those it is connected with; and whether work was capped.

    Two texts are alike when their sets of words are (``token_set_ratio`` of at least 90, and seven words in ten shared),
    neither is a mere part of the other (word counts within a quarter) and both are long enough for that to mean
    something. Groups are the connected components, so the order in which texts come does not matter.
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
    product.sort_indices()
    rows = np.repeat(np.arange(len(texts)), np.diff(product.indptr))
    columns, shared = product.indices, product.data
    sizes = np.array([len(vocabulary[text]) for text in texts])
    smaller, larger = np.minimum(sizes[rows], sizes[columns]), np.maximum(sizes[rows], sizes[columns])
    near = (rows < columns) & (shared >= np.minimum(_COMMON, smaller)) & (smaller >= _SAME_SIZE * larger)
    rows, columns, larger = rows[near], columns[near], larger[near]
    pairs: list[tuple[str, str]] = []
    for one, other, size in zip(rows.tolist(), columns.tolist(), larger.tolist(), strict=True):
        if len(vocabulary[texts[one]] & vocabulary[texts[other]]) >= _SHARED * size:
            if len(pairs) == _COMPARISONS:
                return pairs, True
            pairs.append((texts[one], texts[other]))
    return pairs, capped


def _prefixes(sets: Sequence[set[str]]) -> tuple[Any, bool]:
    import numpy as np
    from scipy.sparse import csr_array
