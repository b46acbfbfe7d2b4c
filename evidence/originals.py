"""The original record of a row: is it what the vault holds, and how can it be shown without its secrets?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from soma import codec, identity, text
from soma.adapters.blocks.head import close_prefix
from soma.adapters.blocks.original import Original, Place, bytes_at
from soma.errors import SourceError
from soma.harvester.redact import Redactor

from .model import RecordState
from .sources import Opened

_WINDOW = 256 * 1024
"""Bytes of a record that are looked at; longer ones are shown from their beginning."""


class Row(msgspec.Struct, frozen=True):
    """A row of the vault with its place; fields in the order of the columns of ``records.sql``."""

    record_id: str
    kind: str
    agent_id: str
    action: str
    outcome: str
    session_id: str | None
    arguments_digest: str | None
    source_id: str
    source_offset: int
    source_length: int


class Shown(NamedTuple):
    """A record as it can be shown: its text, whether that is not all of it, whether its JSON was written anew."""

    text: str
    cut: bool
    rewritten: bool


def found(row: Row, opened: Opened, key: bytes) -> tuple[RecordState, Original | None]:
    """What stands where the row was read from.

    Args:
        row: The row.
        opened: Its source.
        key: The vault's key: with it the digests of the row can be made again.
    """
    if opened.source is None:
        return "gone", None
    if row.source_length == 0:
        return "no bytes", None
    take = opened.adapter.original if opened.adapter is not None else bytes_at
    try:
        there = take(opened.source, Place(row.source_offset, row.source_length, row.session_id), _WINDOW)
    except (OSError, SourceError):
        there = None
    if there is None:
        return "gone", None
    if opened.found.state in {"intact", "grown"}:
        return "intact", there
    if row.arguments_digest is not None and row.arguments_digest in _digests(there, key):
        return "confirmed", there
    if _is_database(opened) and there.length == row.source_length:
        return "unproven", there
    return "changed", there


def _is_database(opened: Opened) -> bool:
    try:
        assert opened.source is not None  # noqa: S101 - the caller has read from it
        with opened.source.open() as stream:
            return stream.read(16) == b"SQLite format 3\x00"
    except OSError:
        return False


def _digests(there: Original, key: bytes) -> set[str]:
    """Digests of everything in the record that may be the arguments of a call, as the harvester makes them."""
    try:
        value = codec.decode(there.data)
    except codec.Undecodable:
        return set()
    return {identity.digest(text.whole(each), key=key) for each in _writings(value)}


def _writings(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
            if item[:1] in {"{", "["}:
                try:
                    waiting.append(codec.decode(item))
                except codec.Undecodable:
                    continue
        elif isinstance(item, dict):
            yield codec.encode(item)
            waiting += item.values()
        elif isinstance(item, list):
            yield codec.encode(item)
            waiting += item


def shown(there: Original, redactor: Redactor, limit: int) -> Shown:
    """The record without secrets, at most ``limit`` bytes of it.

    A secret is looked for in the bytes as they stand and, where they are JSON, in every value: what only the second
    look finds cannot be replaced in place, so the record's JSON is written anew.
    """
    raw = there.data.decode("utf-8", errors="backslashreplace")
    try:
        value = codec.decode(there.data if there.whole else close_prefix(there.data))
    except codec.Undecodable:
        # More than the bound is looked at, so a secret across the end of the window is not shown either.
        return _bounded(raw if there.whole else text.clip(raw), there.whole, redactor, limit, rewritten=False)
    clean = redactor.value(value)
    in_place = redactor.text(raw) if there.whole else ""
    if in_place and _decoded(in_place) == clean:
        return _bounded(raw, True, redactor, limit, rewritten=False)
    return _bounded(codec.encode(clean), there.whole, redactor, limit, rewritten=True)


def _bounded(told: str, whole: bool, redactor: Redactor, limit: int, *, rewritten: bool) -> Shown:
    bounded = redactor.bounded(told, limit)
    return Shown(bounded, not whole or (bounded.endswith("…") and not told.endswith("…")), rewritten)


def _decoded(told: str) -> Any:
    try:
        return codec.decode(told)
    except codec.Undecodable:
        return None
