"""What a harvest did, as one typed result: the same for the screen, for ``--json`` and for a notebook."""

from __future__ import annotations

import msgspec

SCHEMA = "soma.harvest"
SCHEMA_VERSION = 1


class SourceCounts(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Sources by what came of them.

    Attributes:
        read: Opened, recognised and read: new or changed ones.
        empty: Of those looked at, the ones that exist and hold no run.
    """

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    empty: int = 0
    unrecognised: int = 0
    failed: int = 0


class FormatCounts(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One line of the table: what one format contributed to this harvest."""

    format: str
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    executions: int = 0
    decisions: int = 0
    failed: int = 0


class Unusable(msgspec.Struct, rename="camel", frozen=True):
    """A source that could not be used, or not wholly: which, what state, why, and what to type next."""

    path: str
    state: str
    reason: str
    hint: str


class Summary(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The result of ``soma harvest``.

    Attributes:
        executions, decisions: Added or replaced in the vault by this harvest.
        quarantined: Records that could not be used.
        redacted: Secrets replaced before anything was written.
        bytes: Bytes of the sources that were read.
        seconds: Wall time.
        vault_version: The vault's version afterwards; ``None`` for a dry run.
    """

    schema: str = SCHEMA
    schema_version: int = SCHEMA_VERSION
    sources: SourceCounts
    executions: int
    decisions: int
    quarantined: int
    redacted: int
    bytes: int
    seconds: float
    vault_version: int | None
    warnings: list[str]
    formats: list[FormatCounts]
    unusable: list[Unusable]
    redactions: dict[str, int]
    cannot_tell: dict[str, list[str]]
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 when every source could be used, 4 when some failed."""
        return 4 if self.sources.failed else 0
