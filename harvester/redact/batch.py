"""Texts on their way into columns, redacted many at a time: nearly all need no more than the one look that all get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .engine import _CUT, _CUT_BYTES, _OPENING, MARGIN, Redactor
from .screen import Look
from .values import texts_of

_FULL_CHARS = 8 << 20
_AT_ONCE = 512
_JOIN = "\n"
"""Between texts that are looked at as one: what matches in one of them still does, and a match across is looked at."""


class _Waiting(NamedTuple):
    """Values of one column: ``texts`` are shown where no secret is found, ``objects`` are what they are the JSON of.

    ``parts`` are the texts inside each object, or ``None`` for one that has to be redacted in any case.
    """

    column: list[str | None]
    start: int
    texts: Sequence[str | None]
    objects: Sequence[Any] | None
    parts: Sequence[str | None]
    limit: int
    owner: str

    def windows(self) -> list[str]:
        """What has to be looked at: one for each value that is there."""
        end = self.limit + MARGIN
        if self.objects is None:
            return [text[:end] for text in self.texts if text is not None]
        return [
            f"{text[:end]}{_JOIN}{parts}" if parts else text[:end]
            for text, parts in zip(self.texts, self.parts, strict=True)
            if text is not None
        ]


class Batch:
    """Collects values of columns; settled, each place has what ``Redactor.bounded`` makes of its value.

    Args:
        redactor: Replaces secrets by typed marks.
        write: JSON of an object or a list.

    Attributes:
        counts: Owner to the marks set in its values, by kind.
    """

    def __init__(self, redactor: Redactor, write: Callable[[Any], str]) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self._redactor = redactor
        self._write = write
        self._waiting: list[_Waiting] = []
        self._chars = 0

    @property
    def is_full(self) -> bool:
        """Whether it should be settled: more would only take memory."""
        return self._chars >= _FULL_CHARS

    def texts(self, column: list[str | None], texts: Sequence[str | None], limit: int, owner: str) -> None:
        """The last places of ``column`` are for ``texts``, each to be redacted and cut to ``limit`` bytes."""
        first = len(column) - len(texts)
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            if chars := sum(map(len, filter(None, some))):
                self._chars += chars
                self._waiting.append(_Waiting(column, first + start, some, None, (), limit, owner))
            else:
                column[first + start : first + start + len(some)] = some

    def objects(
        self, column: list[str | None], objects: Sequence[Any], written: Sequence[str | None], limit: int, owner: str
    ) -> None:
        """The last places of ``column`` are for JSON-like values, whose JSON (for texts: themselves) is ``written``."""
        first = len(column) - len(objects)
        for start in range(0, len(objects), _AT_ONCE):
            some, texts = objects[start : start + _AT_ONCE], written[start : start + _AT_ONCE]
            parts = [_inside(value) for value in some]
            self._chars += sum(map(len, filter(None, texts))) + sum(map(len, filter(None, parts)))
            self._waiting.append(_Waiting(column, first + start, texts, some, parts, limit, owner))

    def credit(self, owner: str) -> None:
        """The marks that the redactor set since it was last asked are ``owner``'s."""
        if self._redactor.counts:
            self.counts.setdefault(owner, Counter()).update(self._redactor.take_counts())

    def settle(self) -> None:
        """Fill all places."""
        waiting, self._waiting, self._chars = self._waiting, [], 0
        others = self._redactor.take_counts()
        some: list[_Waiting] = []
        windows: list[str] = []
        chars = 0
        for group in waiting:
            some.append(group)
            seen = group.windows()
            windows += seen
            chars += sum(map(len, seen))
            # Not all at once: windows are copies.
            if chars >= _FULL_CHARS:
                self._fill(some, windows)
                some, windows, chars = [], [], 0
        self._fill(some, windows)
        self._redactor.counts.update(others)

    def _fill(self, groups: Sequence[_Waiting], windows: Sequence[str]) -> None:
        looks = iter(self._redactor.looks(windows))
        for group in groups:
            texts = group.texts
            there = [Look.NONE if text is None else next(looks) for text in texts]
            if group.objects is not None:
                texts, there = self._redacted_objects(group, there)
            group.column[group.start : group.start + len(texts)] = self._bounded(texts, there, group.limit)
            self.credit(group.owner)

    def _redacted_objects(self, group: _Waiting, looks: list[Look]) -> tuple[list[str | None], list[Look]]:
        """The JSON of each object without secrets, and how closely it still has to be looked at."""
        texts = list(group.texts)
        for place, (value, parts) in enumerate(zip(group.objects or (), group.parts, strict=True)):
            look = looks[place]
            if texts[place] is None or (parts is not None and (look is Look.NONE or isinstance(value, str))):
                continue
            redacted = self._write(self._redactor.value(value, Look.ALL if parts is None else look))
            if redacted != texts[place]:
                texts[place], looks[place] = redacted, Look.ALL
        return texts, looks

    def _bounded(self, texts: Sequence[str | None], looks: Sequence[Look], limit: int) -> list[str | None]:
        """What the redactor makes of each text; ASCII that holds nothing is judged without a call each."""
        bounded, none, opening, cut = self._redactor.bounded, Look.NONE, _OPENING, _CUT
        room = limit - _CUT_BYTES
        # A mark that begins behind what is kept does not matter.
        end = limit + len(opening)
        return [
            text
            if text is None or (look is none and len(text) <= limit and type(text) is str and text.isascii())
            else text[:room] + cut
            if look is none and room > 0 and type(text) is str and text.isascii() and text.find(opening, 0, end) < 0
            else bounded(text, limit, look)
            for text, look in zip(texts, looks, strict=True)
        ]


def _inside(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return ""
    texts = texts_of(value)
    return None if texts is None else _JOIN.join(texts)
