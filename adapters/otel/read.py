"""Bytes to records: JSON documents, JSON lines and protobuf frames, each told by how the file begins."""

from __future__ import annotations

import msgspec

from soma import codec
from soma.adapters.blocks.document import places_of, read_document, texts_at
from soma.adapters.blocks.head import HEAD_BYTES
from soma.adapters.blocks.jsonl import read_lines, starts_with_an_object_line
from soma.source import Damage, Limits, Reading, Record, Source

from .framing import Framing, FramingError, frames, framing_of
from .lines import DECODER


class _Document(msgspec.Struct):
    groups: list[msgspec.Raw] = msgspec.field(name="resourceSpans", default_factory=list)


_DOCUMENT = msgspec.json.Decoder(_Document)
# A document of few groups is decoded at once.
_MANY = 64


def read(source: Source, limits: Limits) -> Reading:
    """The source as records, each the decoded value of one line, one document or one protobuf message.

    Raises:
        SourceError: if the file is protobuf and ``opentelemetry-proto`` is not installed.
    """
    framing = _framing(source)
    if framing is not None:
        yield from _read_protobuf(source, limits, framing)
    elif _is_json_lines(source, limits):
        yield from read_lines(source, limits, DECODER)
    else:
        yield from _read_document(source, limits)


def is_lines(source: Source, limits: Limits) -> bool:
    """Whether the source is read line by line."""
    return _framing(source) is None and _is_json_lines(source, limits)


def _framing(source: Source) -> Framing | None:
    with source.open() as stream:
        start = stream.read(min(HEAD_BYTES, source.size))
    return framing_of(start, len(start) == source.size)


def _read_document(source: Source, limits: Limits) -> Reading:
    """A document as one record, or as one for each group of spans in it; all have the document as their bytes."""
    places = _groups(source, limits)
    if len(places) < _MANY:
        yield from read_document(source, limits)
        return
    for _, group in texts_at(source, places):
        try:
            yield Record(source, 0, source.size, {"resourceSpans": [codec.decode(group)]})
        except codec.Undecodable as problem:
            yield _damage(source, 0, source.size, f"no JSON: {problem}")


def _groups(source: Source, limits: Limits) -> list[tuple[int, int]]:
    """Where the groups of spans in an OTLP/JSON document stand; none when it is anything else or no strict JSON."""
    if source.size > limits.document_bytes:
        return []
    with source.open() as stream:
        data = stream.read(source.size)
    try:
        return places_of(_DOCUMENT.decode(data).groups, data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _is_json_lines(source: Source, limits: Limits) -> bool:
    """Whether the first line that is not empty is a whole object with a line end, however long it is."""
    if source.size > limits.document_bytes:
        return True
    return starts_with_an_object_line(source)


def _read_protobuf(source: Source, limits: Limits, framing: Framing) -> Reading:
    from .protobuf import Decoder, MessageError

    decode = Decoder(framing)
    end = 0
    with source.open() as stream:
        try:
            for offset, length, body in frames(stream, source.size, framing, limits.record_bytes):
                end = offset + length
                if body is None:
                    yield _damage(source, offset, length, f"message is longer than {limits.record_bytes:,} bytes")
                    continue
                try:
                    yield decode.record(source, offset, body)
                except MessageError as problem:
                    yield _damage(source, offset, length, f"no OTLP message: {problem}")
        except FramingError:
            yield _damage(source, end, source.size - end, "no OTLP message starts here; the rest of the file is lost")
            return
    if end < source.size:
        source.bytes_read = end


def _damage(source: Source, offset: int, length: int, reason: str) -> Damage:
    return Damage(source_id=source.source_id, offset=offset, length=length, reason=reason)
