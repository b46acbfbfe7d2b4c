"""Bytes to conversations: finds them in lines or in a document and says where each message lies."""

from __future__ import annotations

import msgspec

from soma.adapters.blocks.document import read_document, starts_with_a_whole_line
from soma.adapters.blocks.jsonl import read_lines
from soma.source import Damage, Limits, Reading, Record, Source

from .shapes import Chat, Found, Group, find
from .spans import Span, Spans


class Located(msgspec.Struct, frozen=True):
    """What ``Record.value`` holds for this adapter: something found, and where its parts lie.

    Attributes:
        found: A conversation, a lone message or a task.
        spans: Offset and length of every message of a ``Chat`` in a document; empty when the messages have no place of
            their own (a line that holds a whole conversation).
    """

    found: Found
    spans: list[Span] = []


def read(source: Source, limits: Limits) -> Reading:
    """Every conversation of the source, as a record whose value is ``Located``.

    Lines are streamed. A document is read whole (within ``limits.document_bytes``) and cut into its conversations.

    Yields:
        Records; ``Damage`` for what is no JSON and for records in which no conversation was found.
    """
    if starts_with_a_whole_line(source):
        yield from _lines(source, limits)
    else:
        yield from _document(source, limits)


def _lines(source: Source, limits: Limits) -> Reading:
    silent = 0
    first = (0, 0)
    for item in read_lines(source, limits):
        if isinstance(item, Damage):
            yield item
            continue
        empty = True
        for found in find(item.value):
            empty = False
            yield Record(source, item.offset, item.length, Located(found))
        if empty:
            first = first if silent else (item.offset, item.length)
            silent += 1
    if silent:
        yield Damage(source_id=source.source_id, offset=first[0], length=first[1],
                     reason=f"neither a message nor a conversation ({silent:,} such lines in this source)")  # fmt: skip


def _document(source: Source, limits: Limits) -> Reading:
    for item in read_document(source, limits):
        if isinstance(item, Damage):
            yield item
            continue
        with source.open() as stream:
            spans = Spans(stream.read(source.size))
        empty = True
        for found in find(item.value):
            empty = False
            offset, length = spans.of(found.path)
            inner = _message_spans(found, spans) if isinstance(found, Chat | Group) else []
            yield Record(source, offset, length, Located(found, inner))
        if empty:
            yield Damage(source_id=source.source_id, offset=0, length=item.length, reason="holds no conversation")


def _message_spans(chat: Chat | Group, spans: Spans) -> list[Span]:
    return [spans.of((*path, index)) for path, messages in chat.lists for index in range(len(messages))]
