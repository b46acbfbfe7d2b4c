"""Bytes to samples: members of an archive, or items of a document, each with the bytes it came from."""

from __future__ import annotations

import re

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list, as_object, places_of, read_document, texts_at
from soma.source import Damage, Limits, Reading, Record, Source

from .archive import MAGIC, Archive, Member, Unreadable
from .shapes import REFUSED, Entry, Header, Log, header_of, plain_header, plain_sample, sample_of

_LOG = msgspec.json.Decoder(Log)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
# The journal is written first and the header last: a log that is still being written has only the one.
_HEADERS = ("header.json", "_journal/start.json")
_SAMPLE = re.compile(r"samples/[^/]+\.json\Z")


def read(source: Source, limits: Limits) -> Reading:
    """Every sample of the log as a record whose value is an ``Entry``.

    For an archive the bytes of a record are those of its packed member.

    Yields:
        Records; ``Damage`` for what cannot be unpacked, is no JSON or breaks a limit.
    """
    with source.open() as stream:
        packed = stream.read(len(MAGIC)) == MAGIC
    yield from _archive(source, limits) if packed else _document(source, limits)


def _archive(source: Source, limits: Limits) -> Reading:
    with source.open() as stream:
        try:
            archive = Archive(stream, limits.record_bytes)
            header = _header(archive)
        except Unreadable as problem:
            yield Damage(source_id=source.source_id, offset=0, length=source.size, reason=str(problem))
            return
        for member in archive.members.values():
            if _SAMPLE.match(member.name):
                yield _member(source, archive, member, header)


def _header(archive: Archive) -> Header:
    for name in _HEADERS:
        if (member := archive.members.get(name)) is not None:
            try:
                return header_of(archive.unpacked(member))
            except codec.Undecodable as problem:
                raise Unreadable(f"{name} is no JSON: {problem}") from None
    raise Unreadable("the archive holds neither header.json nor _journal/start.json")


def _member(source: Source, archive: Archive, member: Member, header: Header) -> Record | Damage:
    try:
        sample = sample_of(archive.unpacked(member))
        reason = "a sample that is no object"
    except Unreadable as problem:
        sample, reason = None, f"a sample that cannot be unpacked: {problem}"
    except codec.Undecodable as problem:
        sample, reason = None, f"no JSON: {problem}"
    if sample is None:
        return Damage(source_id=source.source_id, offset=member.offset, length=member.length, reason=reason)
    return Record(source, member.offset, member.length, Entry(header, sample))


def _document(source: Source, limits: Limits) -> Reading:
    log, places = _places(source, limits)
    if log is None:
        yield from _lenient(source, limits)
        return
    for offset, item in texts_at(source, places):
        if len(item) > limits.record_bytes:
            yield Damage(source_id=source.source_id, offset=offset, length=len(item),
                         reason=f"a sample of more than {limits.record_bytes:,} bytes")  # fmt: skip
            continue
        try:
            sample = sample_of(item)
        except codec.Undecodable as problem:
            yield Damage(source_id=source.source_id, offset=offset, length=len(item), reason=f"no JSON: {problem}")
            continue
        if sample is None:
            yield Damage(
                source_id=source.source_id, offset=offset, length=len(item), reason="a sample that is no object"
            )
        else:
            yield Record(source, offset, len(item), Entry(log, sample))


def _places(source: Source, limits: Limits) -> tuple[Log | None, list[tuple[int, int]]]:
    """The log without its samples, and where they stand; no log when it is no strict JSON or too large."""
    data = b""
    if source.size <= limits.document_bytes:
        with source.open() as stream:
            data = stream.read(source.size)
    try:
        log = _LOG.decode(data)
        items = _ITEMS.decode(log.samples)
    except REFUSED:
        return None, []
    # What stands before the samples may look like one.
    places = places_of(items, data, data.find(memoryview(log.samples)))
    # It holds the whole document.
    log.samples = msgspec.Raw(b"[]")
    return log, places


def _lenient(source: Source, limits: Limits) -> Reading:
    """The same for what is no strict JSON (Inspect writes NaN): every sample has the whole document as its bytes."""
    for item in read_document(source, limits):
        if isinstance(item, Damage):
            yield item
            continue
        header = plain_header(item.value)
        for value in as_list(as_object(item.value).get("samples")):
            sample = plain_sample(value)
            if sample is None:
                yield Damage(
                    source_id=source.source_id, offset=0, length=item.length, reason="a sample that is no object"
                )
            else:
                yield Record(source, item.offset, item.length, Entry(header, sample))
