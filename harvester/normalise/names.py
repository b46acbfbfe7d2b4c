"""Names and ids as the vault shows them: they repeat, and one look at many of them mostly finds nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from soma.harvester.redact import Redactor

from .bounds import NAME_BYTES

_KEPT = 16 * 1024


class Names:
    """Redacts what is short.

    Args:
        redactor: Replaces secrets by typed marks, and counts them: what is marked is looked at again each time.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._known: dict[str, str] = {"": ""}

    def are_plain(self, ids: Iterable[str | None], names: Iterable[Any] = ()) -> bool:
        """Whether none of these texts can hold a secret, found out in one look; ``names`` are known from then on."""
        new = [value for value in names if isinstance(value, str) and value not in self._known]
        if not self._redactor.is_plain("\n".join([*filter(None, ids), *new])):
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

    def names(self, values: Sequence[str]) -> list[str]:
        """``name`` of each."""
        known = self._known
        try:
            return list(map(known.__getitem__, values))
        except KeyError:
            return [self.name(value) for value in values]

    def optional(self, value: Any) -> str | None:
        """``name`` of a text, ``None`` of anything else and where nothing is left of it."""
        return self.name(value) or None if isinstance(value, str) else None

    def optionals(self, values: Sequence[Any]) -> list[str | None]:
        """``optional`` of each."""
        known = self._known
        try:
            return [None if value is None else known[value] or None for value in values]
        except (KeyError, TypeError):
            return [self.optional(value) for value in values]

    def id(self, value: str) -> str:
        """``value``, redacted."""
        return self._redactor.text(value)

    def optional_id(self, value: str | None) -> str | None:
        """``id`` of one that there is."""
        return None if value is None else self.id(value)

    def ids(self, values: Sequence[str | None]) -> list[str | None]:
        """``id`` of each that there is."""
        there = list(filter(None, values))
        if not there or self._redactor.is_plain("\n".join(there)):
            return list(values)
        return list(map(self.optional_id, values))

    def _keep(self, value: str, name: str) -> None:
        if len(self._known) >= _KEPT:
            self._known = {"": ""}
        self._known[value] = name
