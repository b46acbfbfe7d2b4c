"""The parts of a log that are looked at; whatever else it holds is skipped while decoding.

Model events repeat the whole conversation, the tools and the raw request: none of that is ever built. Every field may
hold anything, since logs are not checked when they are read.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list

_S = TypeVar("_S", bound=msgspec.Struct)


class Event(msgspec.Struct, gc=False):
    """Any event of a sample: a model call, a tool call, the begin of a span or (in old logs) of a step."""

    event: Any = None
    timestamp: Any = None
    completed: Any = None
    working_time: Any = None
    pending: Any = None
    id: Any = None
    parent_id: Any = None
    span_id: Any = None
    type: Any = None
    name: Any = None
    action: Any = None
    function: Any = None
    arguments: Any = None
    result: Any = msgspec.UNSET
    error: Any = None
    failed: Any = None
    agent: Any = None
    agent_span_id: Any = None
    model: Any = None
    output: Any = None
    cache: Any = None
    events: Any = None


class Sample(msgspec.Struct):
    """One sample of one epoch."""

    id: Any = None
    epoch: Any = None
    uuid: Any = None
    input: Any = None
    messages: Any = None
    output: Any = None
    score: Any = None
    scores: Any = None
    events: list[Event] | None = None
    attachments: Any = None
    model_usage: Any = None
    started_at: Any = None
    completed_at: Any = None
    error: Any = None
    error_retries: Any = None
    limit: Any = None


class Header(msgspec.Struct):
    """What a log says of the evaluation as a whole."""

    version: Any = None
    status: Any = None
    eval: Any = None
    plan: Any = None


class Log(Header):
    """A log that is one document, its samples still undecoded."""

    samples: msgspec.Raw = msgspec.Raw(b"[]")


class Entry(msgspec.Struct, frozen=True):
    """What ``Record.value`` holds for this adapter: a sample and the evaluation it belongs to."""

    header: Header
    sample: Sample


_SAMPLE = msgspec.json.Decoder(Sample)
_HEADER = msgspec.json.Decoder(Header)
REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a typed decoder raises for bytes it does not take."""


def sample_of(data: bytes | msgspec.Raw) -> Sample | None:
    """The sample in some JSON; ``None`` when it is no object.

    Raises:
        Undecodable: if the bytes are no JSON.
    """
    try:
        return _SAMPLE.decode(data)
    except REFUSED:
        return plain_sample(codec.decode(bytes(data)))


def header_of(data: bytes) -> Header:
    """The header in some JSON, empty when it is no object.

    Raises:
        Undecodable: if the bytes are no JSON.
    """
    try:
        return _HEADER.decode(data)
    except REFUSED:
        return plain_header(codec.decode(data))


def plain_sample(value: Any) -> Sample | None:
    """A decoded object as a sample; events that are no objects are left out."""
    if not isinstance(value, dict):
        return None
    sample = _built(Sample, value)
    sample.events = plain_events(value.get("events"))
    return sample


def plain_header(value: Any) -> Header:
    """A decoded object as a header."""
    return _built(Header, value if isinstance(value, dict) else {})


def plain_events(value: Any) -> list[Event]:
    """The objects of a list as events."""
    return [_built(Event, item) for item in as_list(value) if isinstance(item, dict)]


def _built(shape: type[_S], value: dict[str, Any]) -> _S:
    return shape(**{name: value[name] for name in shape.__struct_fields__ if name in value})
