"""Is a source still what was read? Compared with the ledger by content; nothing is written, nothing is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

import msgspec

from soma import identity
from soma.adapters.contract import Adapter
from soma.adapters.registry import adapters
from soma.errors import SourceError
from soma.harvester.fingerprint import content_hash
from soma.source import Source

from .model import SourceFound, SourceState


class Listed(msgspec.Struct, frozen=True):
    """A source as the ledger has it; fields in the order of the columns of ``ledger.sql``."""

    source_id: str
    path: str
    adapter: str
    size: int
    bytes_read: int
    content_hash: str


class Opened(msgspec.Struct, frozen=True):
    """A source as it is now. ``source`` and ``adapter`` are there when it can be read."""

    found: SourceFound
    source: Source | None = None
    adapter: Adapter | None = None


def open_source(source_id: str, ledger: Mapping[str, Listed]) -> Opened:
    """Compare one source with what the ledger says of it."""
    listed = ledger.get(source_id)
    if listed is None:
        return Opened(_found(Listed(source_id, "", "", 0, 0, ""), "not listed", "the ledger does not know this source"))
    if identity.source_id(listed.path) != source_id:
        # The path was redacted, or the row was made by hand: neither is a name to open.
        return Opened(_found(listed, "unreadable", "its path is not written down in full"))
    try:
        facts = os.stat(listed.path)
        if not stat.S_ISREG(facts.st_mode):
            return Opened(_found(listed, "unreadable", "it is no regular file any more"))
        return _compared(listed, facts.st_size)
    except FileNotFoundError:
        return Opened(_found(listed, "gone", "there is no such file"))
    except (OSError, SourceError) as problem:
        said = problem.strerror if isinstance(problem, OSError) else problem.message
        return Opened(_found(listed, "unreadable", said or type(problem).__name__))


def _compared(listed: Listed, size: int) -> Opened:
    adapter = next((each for each in adapters() if each.name == listed.adapter), None)
    source = Source(listed.path, listed.source_id, size=size)
    if adapter is not None:
        source.context = adapter.context(source)
    if size < listed.bytes_read:
        why = f"it has {size:,} bytes, {listed.bytes_read:,} were read"
        return Opened(_found(listed, "changed", why), source, adapter)
    source.bytes_read = listed.bytes_read
    if content_hash(source, source.context) != listed.content_hash:
        why = "its bytes, or what companion files tell of it, are not those that were read"
        return Opened(_found(listed, "changed", why), source, adapter)
    if size > listed.size:
        return Opened(_found(listed, "grown", f"{size - listed.size:,} bytes were added since"), source, adapter)
    return Opened(_found(listed, "intact"), source, adapter)


def _found(listed: Listed, state: SourceState, why: str = "") -> SourceFound:
    return SourceFound(
        source_id=listed.source_id, path=listed.path, adapter=listed.adapter, state=state, why=why
    )  # fmt: skip
