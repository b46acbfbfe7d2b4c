"""What ``soma evidence`` answers."""

from __future__ import annotations

from typing import Literal

import msgspec

SourceState = Literal["intact", "grown", "changed", "gone", "unreadable", "not listed"]
RecordState = Literal["intact", "confirmed", "unproven", "changed", "gone", "no bytes"]
Outcome = Literal["equal", "outdated", "changed", "not found again", "nothing to derive"]

BROKEN_RECORDS: frozenset[RecordState] = frozenset({"changed", "gone"})
BROKEN_NUMBERS: frozenset[Outcome] = frozenset({"changed", "not found again"})


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """One link of the chain, from the top: in which layer, what it is, its id and what it says."""

    layer: str
    kind: str
    id: str
    says: str


class SourceFound(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A source, compared with what the ledger says of it.

    Attributes:
        state: ``intact``: its bytes, and what companions told, are those that were read; ``grown``: those that were
            read are there, and more; ``changed``: they are not; ``gone``, ``unreadable``: it cannot be asked;
            ``not listed``: the ledger does not know it.
        why: What differs, in words; empty when nothing does.
    """

    source_id: str
    path: str
    adapter: str
    state: SourceState
    why: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One row of the vault and the record it was read from.

    Attributes:
        record_id: The decision, execution or foreign insight; kind: which of these.
        says: What the vault holds of it, in short.
        offset, length: Where in the source; for a database the number of the row and the bytes of its JSON.
        state: ``intact``: the source is as it was read; ``confirmed``: it is not, but here stands the very call that
            the vault holds; ``unproven``: a row of a changed database with as many bytes as then; ``changed``: here
            stands something else, or whether it does cannot be told; ``gone``: nothing stands here, or the vault
            itself no longer shows the row; ``no bytes``: the row was made from several records or from a file's name.
        text: The record, secrets replaced, cut to a bound; empty where it was not asked for.
        cut: Whether ``text`` is less than the record.
        rewritten: Whether ``text`` is the record's JSON written anew because a secret in it could not be replaced where
            it stands; binary records are shown with their bytes escaped.
    """

    record_id: str
    kind: str
    says: str
    source_id: str
    offset: int
    length: int
    state: RecordState
    text: str = ""
    cut: bool = False
    rewritten: bool = False


class Figure(msgspec.Struct, frozen=True, rename="camel"):
    """A number as it is kept and as the vault's rows give it now."""

    name: str
    kept: float | None
    now: float | None

    @property
    def equal(self) -> bool:
        """Whether both are the same to nine digits."""
        if self.kept is None or self.now is None:
            return self.kept is self.now
        return abs(self.kept - self.now) <= 1e-9 * max(1.0, abs(self.kept))


class Again(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The number made again from the rows of the vault.

    Attributes:
        outcome: ``outdated`` when it differs and the vault has other rows than when it was found.
        how: What was run.
    """

    outcome: Outcome
    how: str
    figures: tuple[Figure, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The whole chain under one id.

    Attributes:
        steps: From the top down to executions and decisions.
        again: The number made again.
        records: Rows at the bottom with what stands in the sources, those asked for.
        looked_at: How many rows were compared with their sources, of ``total``.
        states: Over all rows compared: state to how many.
        sources: Every source of these rows.
        broken: Whether a record or its source is not what was read, or the number cannot be made again.
    """

    evidence_id: str
    kind: str
    steps: tuple[Step, ...]
    again: Again
    records: tuple[Record, ...]
    looked_at: int
    total: int
    states: dict[str, int]
    sources: tuple[SourceFound, ...]
    broken: bool
