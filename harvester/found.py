"""The files of this harvest by source: whoever needs a relative gets it as it was found."""

from __future__ import annotations

import os
from functools import cached_property

from soma import identity

from .discover import Candidate, Discovery, discover, listed


class Found:
    """What a harvest found.

    Args:
        discovery: Its folders and files, those it knew included.
    """

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery
        self._places: dict[str, dict[str, int]] = {}

    def candidate(self, source_id: str, path: str) -> Candidate | None:
        """The source as it was found, or as it lies elsewhere; ``None`` where it is gone.

        Args:
            source_id: Which source.
            path: Where the ledger says it lies; secrets may have been taken out of that.
        """
        here = self._at(path)
        if here is None and os.path.isfile(path):
            here = next(iter(discover([path]).candidates), None)
        if here is not None and here.source_id == source_id:
            return here
        if identity.source_id(path) == source_id and "\\" not in path:
            return None
        # Another path than the one that was read: redacted, or escaped.
        return self._by_id.get(source_id)

    def _at(self, path: str) -> Candidate | None:
        folder, name = os.path.split(path)
        listing = self._discovery.listings.get(folder)
        if listing is None:
            return self._discovery.single.get(path)
        places = self._places.get(folder)
        if places is None:
            places = self._places[folder] = {name: place for place, name in enumerate(listing.names)}
        place = places.get(name)
        if place is None:
            return self._discovery.single.get(path)
        return Candidate(listing.prefix + name, listing.sizes[place], listing.times[place])

    @cached_property
    def _by_id(self) -> dict[str, Candidate]:
        found = {candidate.source_id: candidate for candidate in self._discovery.candidates}
        for folder in self._discovery.known:
            found.update((candidate.source_id, candidate) for candidate in listed(folder).candidates())
        return found
