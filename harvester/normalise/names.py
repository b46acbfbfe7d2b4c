"""Names and ids as the vault shows them: they repeat, and one look at many of them mostly finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from soma.harvester.redact import Redactor, Shares

from .bounds import NAME_BYTES

_T = TypeVar("_T")
_KEPT = 16 * 1024


class Names:
    """Redacts what is short.

    Args:
        redactor: Replaces secrets by typed marks, and counts them: what is marked is looked at again each time.
        credit: Told whose the marks are that were set since the last time.
    """

    def __init__(self, redactor: Redactor, credit: Callable[[str], None]) -> None:
        self._redactor = redactor
        self._credit = credit
        self._known: dict[str, str] = {"": ""}

    def are_plain(self, ids: Iterable[str | None], names: Iterable[Any] = ()) -> bool:
        """Whether none of these texts can hold a secret, found out in one look; ``names`` are known from then on."""
        known = self._known
        new = {value for value in names if isinstance(value, str) and value not in known}
        if not self._redactor.are_plain([*filter(None, ids), *new]):
            return False
        for value in new:
            if value.isascii() and len(value) <= NAME_BYTES and value == " ".join(value.split()):
                self._keep(value, value)
        return True

    def name(self, value: str) -> str:
        """``value`` on one line, redacted and bounded."""
        known = self._known.get(value)
        if known is not None:
            return known
        if not value:
            return ""
        line = " ".join(value.split())
        name = self._redactor.bounded(line, NAME_BYTES)
        if name == line:
            self._keep(value, name)
        return name

    def names(self, values: Sequence[str], shares: Shares) -> list[str]:
        """``name`` of each."""
        try:
            return list(map(self._known.__getitem__, values))
        except KeyError:
            self.are_plain((), values)
            return self._each(self.name, values, shares)

    def optional(self, value: Any) -> str | None:
        """``name`` of a text, ``None`` of anything else and where nothing is left of it."""
        return self.name(value) or None if isinstance(value, str) else None

    def optionals(self, values: Sequence[Any], shares: Shares) -> Sequence[str | None]:
        """``optional`` of each."""
        known = self._known
        if values.count(None) == len(values):
            return values
        try:
            return [None if value is None else known[value] or None for value in values]
        except (KeyError, TypeError):
            self.are_plain((), values)
            return self._each(self.optional, values, shares)

    def lists(self, values: Sequence[Sequence[str] | None], shares: Shares) -> Sequence[list[str] | None]:
        """``name`` of each of those in each list that there is."""
        if values.count(None) == len(values):
            return [None] * len(values)
        return self._each(lambda each: None if each is None else list(map(self.name, each)), values, shares)

    def pairs(self, values: Sequence[Mapping[str, str]], shares: Shares) -> list[list[tuple[str, str]]]:
        """``name`` of the keys and values of each mapping, ordered."""
        name = self.name
        return self._each(lambda each: sorted({name(k): name(v) for k, v in each.items()}.items()), values, shares)

    def id(self, value: str) -> str:
        """``value``, redacted."""
        return self._redactor.text(value)

    def ids(self, values: Sequence[str | None], shares: Shares) -> Sequence[str | None]:
        """``id`` of each that there is."""
        places = [place for place, value in enumerate(values) if value]
        suspects = self._redactor.suspects([values[place] or "" for place in places])
        if not suspects:
            return values
        found = list(values)
        for place in map(places.__getitem__, suspects):
            found[place] = self.id(found[place] or "")
            if self._redactor.counts:
                self._credit(shares.owner(place))
        return found

    def _each(self, of: Callable[[Any], _T], values: Sequence[Any], shares: Shares) -> list[_T]:
        found: list[_T] = []
        for place, value in enumerate(values):
            found.append(of(value))
            if self._redactor.counts:
                self._credit(shares.owner(place))
        return found

    def _keep(self, value: str, name: str) -> None:
        if len(self._known) >= _KEPT:
            self._known.clear()
            self._known[""] = ""
        self._known[value] = name
