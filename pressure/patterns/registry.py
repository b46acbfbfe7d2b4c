"""What there is to know of every pattern without asking it anything: for lists, gates and pages."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from .finding import Pattern
from .rulebook import patterns_digest

Status = Literal["active", "collecting", "retired"]
"""``active``: its message was shown to help. ``collecting``: not known yet. ``retired``: shown not to; never said."""


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One pattern.

    Attributes:
        name, version, priority, cooldown, healing: As in ``Pattern``. status: From the data, else ``collecting``.
        detects: The first line of its module. trigger: When it fires, from its class. covered_by: As in ``Pattern``.
    """

    name: str
    version: int
    status: Status
    priority: int
    cooldown: int
    healing: str | None
    detects: str
    trigger: str
    covered_by: tuple[str, ...]


class Catalogue(msgspec.Struct, frozen=True, rename="camel"):
    """All patterns and the digest that tells their firings from those of others."""

    patterns: tuple[Entry, ...]
    digest: str


def catalogue(patterns: Sequence[Pattern], statuses: Mapping[str, Status] | None = None) -> Catalogue:
    """The entries of ``registry`` with the digest of the patterns."""
    return Catalogue(registry(patterns, statuses), patterns_digest(patterns))


def registry(patterns: Iterable[Pattern], statuses: Mapping[str, Status] | None = None) -> tuple[Entry, ...]:
    """An entry for every pattern, in their order.

    Args:
        patterns: Those to tell of.
        statuses: Name to status, as the data say; what is not named is ``collecting``.
    """
    known = statuses or {}
    return tuple(
        Entry(
            name=pattern.name,
            version=pattern.version,
            status=known.get(pattern.name, "collecting"),
            priority=pattern.priority,
            cooldown=pattern.cooldown,
            healing=pattern.healing,
            detects=_first_line(sys.modules[type(pattern).__module__]),
            trigger=_first_line(type(pattern)),
            covered_by=tuple(sorted(pattern.covered_by)),
        )
        for pattern in patterns
    )


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]
