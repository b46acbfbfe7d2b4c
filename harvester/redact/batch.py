"""Texts on their way into columns, redacted many at a time: nearly all need no more than the one look that all get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .cut import CUT, CUT_BYTES, MARGIN
from .engine import Redactor
from .look import Look
from .shares import Shares
from .values import has_plain_names, texts_of

_FULL_CHARS = 8 << 20
_AT_ONCE = 512
_JOIN = "\n"
"""Between texts that are looked at as one: what matches in one of them still does, and a match across is looked at."""
_PLAIN = frozenset({str, type(None)})


class _Waiting(NamedTuple):
    """Values of one column: ``texts`` are shown where no secret is found, ``objects`` are what they are the JSON of.

    ``parts`` are the texts inside each object, or ``None`` for one that has to be redacted in any case; ``first`` is
    the place of the first value among those that ``shares`` tells of.
    """

    column: list[str | None]
    start: int
    texts: Sequence[str | None]
    objects: Sequence[Any] | None
    parts: Sequence[str | None]
    limit: int
    shares: Shares
    first: int

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

    def texts(self, column: list[str | None], texts: Sequence[str | None], limit: int, shares: Shares) -> None:
        """The last places of ``column`` are for ``texts``, each to be redacted and cut to ``limit`` bytes."""
        before = len(column) - len(texts)
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            if chars := sum(map(len, filter(None, some))):
                self._chars += chars
                self._waiting.append(_Waiting(column, before + first, some, None, (), limit, shares, first))
            else:
                column[before + first : before + first + len(some)] = some

    def objects(
        self, column: list[str | None], objects: Sequence[Any], written: Sequence[str | None], limit: int,
        shares: Shares,
    ) -> None:  # fmt: skip
        """The last places of ``column`` are for JSON-like values, whose JSON (for texts: themselves) is ``written``."""
        before = len(column) - len(objects)
        end = limit + MARGIN
        for first in range(0, len(objects), _AT_ONCE):
            some, texts = objects[first : first + _AT_ONCE], written[first : first + _AT_ONCE]
            parts = [_inside(value, text, end) for value, text in zip(some, texts, strict=True)]
            self._chars += sum(map(len, filter(None, texts))) + sum(map(len, filter(None, parts)))
            self._waiting.append(_Waiting(column, before + first, texts, some, parts, limit, shares, first))

    def credit(self, owner: str, marks: Counter[str]) -> None:
        """These marks are ``owner``'s."""
        self.counts.setdefault(owner, Counter()).update(marks)

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
        looks = self._redactor.looks(windows)
        done = 0
        for group in groups:
            texts, missing = group.texts, group.texts.count(None)
            there = looks[done : done + len(texts) - missing]
            done += len(there)
            if there.count(Look.NONE) == len(there) and None not in group.parts:
                group.column[group.start : group.start + len(texts)] = _cut(texts, group.limit, self._redactor)
                continue
            following = iter(there)
            self._look(group, [Look.NONE if text is None else next(following) for text in texts] if missing else there)

    def _look(self, group: _Waiting, looks: Sequence[Look]) -> None:
        """Fill the places of values some of which have to be looked at closely."""
        shown = list(group.texts)
        close = [place for place, look in enumerate(looks) if look is not Look.NONE]
        if group.objects is not None:
            close = sorted({*close, *(place for place, parts in enumerate(group.parts) if parts is None)})
        for place in close:
            shown[place] = None
        shown = list(_cut(shown, group.limit, self._redactor))
        for place in close:
            text = group.texts[place]
            if text is None:
                continue
            shown[place] = self._closely(group, place, text, looks[place])
            if self._redactor.counts:
                self.credit(group.shares.owner(group.first + place), self._redactor.take_counts())
        group.column[group.start : group.start + len(shown)] = shown

    def _closely(self, group: _Waiting, place: int, text: str, look: Look) -> str:
        value = text if group.objects is None else group.objects[place]
        if not isinstance(value, str):
            redacted = self._write(self._redactor.value(value, Look.ALL if group.parts[place] is None else look))
            if redacted != text:
                text, look = redacted, Look.ALL
        return self._redactor.bounded(text, group.limit, look)


def _cut(texts: Sequence[str | None], limit: int, redactor: Redactor) -> Sequence[str | None]:
    """What the redactor makes of texts that hold nothing; none is called for that stays as it is."""
    there = list(filter(None, texts))
    if not there or (
        _PLAIN.issuperset(map(type, texts)) and max(map(len, there)) <= limit and all(map(str.isascii, there))
    ):
        return texts
    bounded, none, cut = redactor.bounded, Look.NONE, CUT
    room = limit - CUT_BYTES
    return [
        text
        if text is None or (len(text) <= limit and type(text) is str and text.isascii())
        else text[:room] + cut
        if room > 0 and type(text) is str and text.isascii()
        else bounded(text, limit, none)
        for text in texts
    ]


def _inside(value: Any, written: str | None, end: int) -> str | None:
    """The texts inside a value that the first ``end`` characters of its JSON do not show."""
    if value is None or isinstance(value, str):
        return ""
    if written is not None and len(written) <= end and "\\" not in written:
        # Without an escape each text stands in the JSON as it is.
        return "" if has_plain_names(value) else None
    texts = texts_of(value)
    return None if texts is None else _JOIN.join(texts)
