"""Texts on their way into columns, redacted many at a time: nearly all need no more than the one look that all get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .engine import MARGIN, Redactor
from .screen import Look
from .values import texts_of

_FULL_CHARS = 8 << 20
_SOME = 256
"""So many windows are made at once: they may be copies."""
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
        self._wait(_Waiting(column, len(column) - len(texts), texts, None, (), limit, owner))

    def objects(
        self, column: list[str | None], objects: Sequence[Any], written: Sequence[str | None], limit: int, owner: str
    ) -> None:
        """The last places of ``column`` are for JSON-like values, whose JSON (for texts: themselves) is ``written``."""
        parts = [_inside(value) for value in objects]
        self._chars += sum(len(text) for text in parts if text)
        self._wait(_Waiting(column, len(column) - len(objects), written, objects, parts, limit, owner))

    def credit(self, owner: str) -> None:
        """The marks that the redactor set since it was last asked are ``owner``'s."""
        if found := self._redactor.take_counts():
            self.counts.setdefault(owner, Counter()).update(found)

    def settle(self) -> None:
        """Fill all places."""
        waiting, self._waiting, self._chars = self._waiting, [], 0
        others = self._redactor.take_counts()
        looks = self._looks(waiting)
        for group in waiting:
            shown = self._shown_texts(group, looks) if group.objects is None else [*self._shown_objects(group, looks)]
            group.column[group.start : group.start + len(shown)] = shown
            self.credit(group.owner)
        self._redactor.counts.update(others)

    def _looks(self, waiting: Sequence[_Waiting]) -> Iterator[Look]:
        """How closely each window has to be looked at, found out many at a time but not all: windows are copies."""
        some: list[str] = []
        chars = 0
        for windows in _windows(waiting):
            some += windows
            chars += sum(map(len, windows))
            if chars >= _FULL_CHARS:
                yield from self._redactor.looks(some)
                some, chars = [], 0
        yield from self._redactor.looks(some)

    def _wait(self, group: _Waiting) -> None:
        self._chars += sum(len(text) for text in group.texts if text is not None)
        self._waiting.append(group)

    def _shown_texts(self, group: _Waiting, looks: Iterator[Look]) -> list[str | None]:
        bounded, limit = self._redactor.bounded, group.limit
        # Most hold nothing and fit as they are: they are told apart without a call for each.
        return [
            text
            if text is None
            or not ((look := next(looks)) or type(text) is not str or len(text) > limit or not text.isascii())
            else bounded(text, limit, look)
            for text in group.texts
        ]

    def _shown_objects(self, group: _Waiting, looks: Iterator[Look]) -> Iterator[str | None]:
        for text, value, parts in zip(group.texts, group.objects or (), group.parts, strict=True):
            if text is None:
                yield None
                continue
            look = next(looks)
            if parts is None or (look is not Look.NONE and not isinstance(value, str)):
                redacted = self._write(self._redactor.value(value, Look.ALL if parts is None else look))
                if redacted != text:
                    text, look = redacted, Look.ALL
            yield self._redactor.bounded(text, group.limit, look)


def _inside(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return ""
    texts = texts_of(value)
    return None if texts is None else _JOIN.join(texts)


def _windows(waiting: Sequence[_Waiting]) -> Iterator[list[str]]:
    """What has to be looked at, some at a time, in the order in which it is settled: one for each value there is."""
    for group in waiting:
        end = group.limit + MARGIN
        if group.objects is None:
            for start in range(0, len(group.texts), _SOME):
                yield [text[:end] for text in group.texts[start : start + _SOME] if text is not None]
            continue
        for text, parts in zip(group.texts, group.parts, strict=True):
            if text is not None:
                yield [f"{text[:end]}{_JOIN}{parts}" if parts else text[:end]]
