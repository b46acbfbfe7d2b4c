"""Reading a chat: the lines of the newer form; of the older document, its head and then message by message."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_object, read_document, starts_with_a_whole_line
from soma.adapters.blocks.jsonl import read_lines
from soma.source import Damage, Limits, Reading, Record, Source


def read(source: Source, limits: Limits) -> Reading:
    """The records of the chat in the shape of the newer form, whichever form it has.

    Yields:
        The head (``sessionId`` and what stands beside it), then messages and changes with their bytes.
    """
    if starts_with_a_whole_line(source):
        yield from read_lines(source, limits)
        return
    for record in read_document(source, limits):
        if isinstance(record, Damage):
            yield record
            continue
        head = as_object(record.value)
        messages = as_list(head.pop("messages", None))
        yield Record(source, record.offset, record.length, head)
        for message, (offset, length) in zip(messages, _places(source, len(messages)), strict=True):
            if isinstance(message, dict):
                yield Record(source, offset, length, message)
            else:
                yield Damage(source_id=source.source_id, offset=offset, length=length,
                             reason="a message that is no object")  # fmt: skip


class _Chat(msgspec.Struct):
    messages: list[msgspec.Raw]


def _places(source: Source, count: int) -> list[tuple[int, int]]:
    """Offset and length of every message; those of the whole document when it is no strict JSON."""
    with source.open() as stream:
        data = stream.read(source.size)
    try:
        texts: list[Any] = [bytes(raw) for raw in msgspec.json.decode(data, type=_Chat).messages]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        texts = []
    if len(texts) != count:
        return [(0, len(data))] * count
    places, position = [], 0
    for text in texts:
        offset = data.find(text, position)
        places.append((offset, len(text)))
        position = offset + len(text)
    return places
