"""Paths as words: one character stands for each action, so that paths are cut, counted and compared as texts."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from soma.columns import numbers_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_FIRST, _SURROGATES, _HELD_BACK = 1, 0xD800, 0x800


class Words(msgspec.Struct, frozen=True):
    """The paths of executions, spelled. Words sort as the paths do that they stand for.

    Attributes:
        actions: What each letter stands for, in the order of the alphabet.
        of: Execution to its word; those whose source records no choice have none.
    """

    actions: tuple[str, ...]
    of: Mapping[str, str]

    def path(self, word: Iterable[str]) -> tuple[str, ...]:
        """The actions that the letters of ``word`` stand for."""
        return tuple(self.actions[number(letter)] for letter in word)

    def word(self, path: Iterable[str]) -> str:
        """The letters of ``path``, all of whose actions are known."""
        return "".join(_letter(bisect_left(self.actions, action)) for action in path)


def number(letter: str) -> int:
    """Which action of ``Words.actions`` a letter stands for."""
    code = ord(letter)
    return code - _FIRST - (_HELD_BACK if code >= _SURROGATES else 0)


def codes_of(words: Sequence[str], width: int) -> NDArray[np.int64]:
    """A row for each word, of ``width`` letters: 1 and the number of the action; 0 after its end."""
    return _codes("".join(word[:width].ljust(width, "\0") for word in words)).reshape(len(words), width)


def spelled(word: str) -> NDArray[np.int64]:
    """Which action of ``Words.actions`` each letter stands for."""
    return _codes(word) - _FIRST


def _codes(letters: str) -> NDArray[np.int64]:
    import numpy as np

    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    codes[codes >= _SURROGATES] -= _HELD_BACK
    return codes


def _letter(place: int) -> str:
    code = place + _FIRST
    return chr(code if code < _SURROGATES else code + _HELD_BACK)


def words_of(table: pa.Table) -> Words:
    """Words of the columns ``execution_id`` and ``actions``; none for those without actions."""
    import numpy as np
    import pyarrow.compute as pc

    table = table.filter(pc.is_valid(table["actions"]))
    actions, codes = sorted_codes(pc.list_flatten(table["actions"]))
    letters = codes + _FIRST
    letters[letters >= _SURROGATES] += _HELD_BACK
    every = letters.astype("<u4").tobytes().decode("utf-32-le")
    ends = np.cumsum(numbers_of(pc.list_value_length(table["actions"])), dtype=np.int64).tolist()
    executions = table["execution_id"].to_pylist()
    spans = zip(executions, itertools.pairwise([0, *ends]), strict=True)
    return Words(actions, {execution: every[start:end] for execution, (start, end) in spans})


def sorted_codes(flat: pa.ChunkedArray) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The different texts in order, and which of them each one is."""
    import numpy as np

    encoded = flat.dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        return (), np.zeros(0, dtype=np.int64)
    names: list[str] = encoded.chunk(0).dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    places = np.empty(len(names), dtype=np.int64)
    places[order] = np.arange(len(names))
    codes = np.concatenate([np.from_dlpack(chunk.indices) for chunk in encoded.chunks])
    return tuple(names[place] for place in order), places[codes]
