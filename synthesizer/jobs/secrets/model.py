"""What the job ``secrets`` reads and answers."""

from __future__ import annotations

import msgspec


class MarkRow(msgspec.Struct, frozen=True, rename="camel"):
    """One mark in one record; fields in the order of the columns of ``marks.sql``.

    Attributes:
        mark: Equal secrets have equal marks.
        place: The column it stands in.
    """

    kind: str
    mark: str
    path: str
    offset: int
    length: int
    place: str
    many: int


class LedgerRow(msgspec.Struct, frozen=True):
    """Secrets of one kind counted in one source; fields in the order of the columns of ``ledger.sql``."""

    path: str
    kind: str
    many: str


class Kind(msgspec.Struct, frozen=True, rename="camel"):
    """One kind of secret: how often it was replaced, how many different ones are in view, in how many sources."""

    kind: str
    replaced: int
    different: int
    sources: int


class Secrets(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Secrets by kind, and where each stands.

    Attributes:
        marks: Where marks can be seen in the vault; what was cut away with the end of a long text is counted in
            ``kinds`` only.
    """

    schema: str = "soma.secrets"
    schema_version: int = 1
    kinds: tuple[Kind, ...]
    marks: tuple[MarkRow, ...]
