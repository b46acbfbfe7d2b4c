"""The model of a set of executions: which paths are usual, and how usual each part of a path is.

An execution is measured against the others, never against itself: every question takes away what the asking execution
added to the counts.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from soma.identity import digest

COVERED = 0.8
"""The usual paths are the most frequent ones that together make up this share of the others (all of equal rank)."""
COMPARABLE = 4
"""Usual is also what at least a quarter as many take as take the most frequent path."""
MOST_USUAL = 200
"""At most so many usual paths are searched for the nearest."""


class Path(msgspec.Struct, frozen=True):
    """A path as one character per place, and how many decisions each place holds."""

    codes: str
    decisions: tuple[int, ...]


class Usual:
    """What executions of one agent (on one task) do."""

    def __init__(self, paths: Mapping[Path, int]) -> None:
        self.total = sum(paths.values())
        self.counts: Counter[str] = Counter()
        self._visits: Counter[tuple[str, int]] = Counter()
        self._pairs: Counter[str] = Counter()
        longest: dict[str, list[int]] = defaultdict(list)
        for path, many in paths.items():
            self.counts[path.codes] += many
            for action, most in _longest(path).items():
                longest[action] += [most] * many
        for codes, many in self.counts.items():
            for action, visits in Counter(codes).items():
                for visit in range(1, visits + 1):
                    self._visits[action, visit] += many
            for pair in set(pairs(codes)):
                self._pairs[pair] += many
        self._longest = {action: sorted(found) for action, found in longest.items()}
        self._frequencies = Counter(self.counts.values())
        # Among equally frequent paths a digest chooses, so that no letter of the alphabet is preferred.
        self.ranked = sorted(self.counts, key=lambda codes: (-self.counts[codes], digest(codes), codes))

    def threshold(self, own: str) -> int:
        """How many of the other executions must take a path for it to be usual."""
        left = self._frequencies.copy()
        mine = self.counts[own]
        left[mine] -= 1
        if mine > 1:
            left[mine - 1] += 1
        wanted = COVERED * (self.total - 1)
        covered, least = 0, 1
        most = max((frequency for frequency in left if left[frequency]), default=1)
        for frequency in sorted(left, reverse=True):
            if left[frequency]:
                covered += frequency * left[frequency]
                least = frequency
                if covered >= wanted:
                    break
        return min(least, math.ceil(most / COMPARABLE))

    def visits(self, action: str, visit: int, own: str) -> int:
        """How many others come to ``action`` at least so many times."""
        return self._visits[action, visit] - (own.count(action) >= visit)

    def follows(self, pair: str, own: str) -> int:
        """How many others have this sequence of two (``pair`` of one character: begin with it)."""
        return self._pairs[pair] - (pair in pairs(own))

    def repeated(self, action: str, times: int, own: Path) -> tuple[int, int, int]:
        """Of the others that do ``action``: how many, how many at least so often in a row, and how often usually."""
        found = self._longest.get(action, [])
        mine = _longest(own).get(action)
        total = len(found) - (mine is not None)
        longer = len(found) - bisect_left(found, times) - (mine is not None and mine >= times)
        if not total:
            return 0, longer, 0
        # The lower middle one of the others; what stands behind the own entry moves up by one.
        middle = (total - 1) // 2
        behind = mine is not None and bisect_left(found, mine) <= middle
        return total, longer, found[middle + behind]


def pairs(codes: str) -> list[str]:
    """The beginning and every sequence of two."""
    return [codes[:1], *(codes[place : place + 2] for place in range(len(codes) - 1))]


def _longest(path: Path) -> dict[str, int]:
    longest: dict[str, int] = {}
    for action, many in zip(path.codes, path.decisions, strict=True):
        longest[action] = max(longest.get(action, 0), many)
    return longest


class Alphabet:
    """One character for every action, in the order of their names."""

    def __init__(self, actions: Iterable[str]) -> None:
        # Beyond the surrogates, so that every code is one character of its own.
        self.action = {chr(0x10000 + place): action for place, action in enumerate(sorted(set(actions)))}
        self._code = {action: code for code, action in self.action.items()}

    def encode(self, actions: Iterable[str]) -> str:
        """The path of these actions."""
        return "".join(self._code[action] for action in actions)

    def decode(self, codes: str) -> tuple[str, ...]:
        """The actions of a path."""
        return tuple(self.action[code] for code in codes)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the sorted ``values`` do not exceed (no interpolation)."""
    return values[max(0, math.ceil(share * len(values)) - 1)]
