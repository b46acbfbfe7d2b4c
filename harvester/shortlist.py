"""Which sources may have changed: a batch of files against the columns of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from soma.adapters.contract import Adapter, no_companions

from . import fingerprint
from .discover import Candidate, Discovery
from .ledger import Facts, Ledger
from .recognise import read_contained

_BATCH = 1 << 15


class Shortlist:
    """Tells sources that are as they were from those that have to be looked at.

    Args:
        ledger: What is known of them.
        reader: Digest of all that decides what the same bytes yield.
        adapters: By name.
    """

    def __init__(self, ledger: Ledger, reader: str, adapters: dict[str, Adapter]) -> None:
        self._ledger = ledger
        self._reader = reader
        self._adapters = adapters
        self._folders = fingerprint.Folders()

    def of(self, discovery: Discovery) -> Iterator[tuple[Candidate, Facts | None]]:
        """Every file that was found, with what is known of it where reading it again would yield just that."""
        found = _found(discovery)
        while batch := list(islice(found, _BATCH)):
            known = self._ledger.facts([candidate.source_id for candidate in batch], self._reader)
            for candidate in batch:
                facts = known.get(candidate.source_id)
                yield candidate, facts if facts is not None and self._is_as_it_was(candidate, facts) else None

    def _is_as_it_was(self, candidate: Candidate, facts: Facts) -> bool:
        if facts.size != candidate.size or facts.modified_ns != candidate.modified_ns:
            return False
        adapter = self._adapters.get(facts.adapter or "")
        return candidate.size == 0 or facts.stamp == read_contained(
            "an adapter", lambda: fingerprint.stamp(candidate, adapter, self._folders), lambda _: None
        )

    def is_told_by_its_folder(self, candidate: Candidate, adapter: str | None) -> bool:
        """Whether all that decides about the source lies in the folder it lies in."""
        reads = self._adapters.get(adapter or "")
        if reads is None or reads.companions is no_companions:
            return reads is not None or adapter is None
        elsewhere = read_contained("an adapter", lambda: fingerprint.reads_elsewhere(candidate, reads), lambda _: None)
        return elsewhere is False


def _found(discovery: Discovery) -> Iterator[Candidate]:
    for listing in discovery.listings.values():
        yield from listing.candidates()
    yield from discovery.single.values()
