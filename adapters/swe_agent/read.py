"""Bytes to one trajectory, with the place of every step in them."""

from __future__ import annotations

import msgspec

from soma.adapters.blocks.document import read_document
from soma.source import Damage, Limits, Reading, Record, Source

from .shapes import Message, Parts, Step, Trajectory, plain_trajectory

_PARTS = msgspec.json.Decoder(Parts)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_STEP = msgspec.json.Decoder(Step)
_HISTORY = msgspec.json.Decoder(list[Message] | None)


def read(source: Source, limits: Limits) -> Reading:
    """The file as one record whose value is a ``Trajectory``.

    Yields:
        The record; or ``Damage`` when the file is too large, torn, no JSON, or no object.
    """
    if 0 < source.size <= limits.document_bytes:
        with source.open() as stream:
            data = stream.read(source.size)
        try:
            yield Record(source, 0, len(data), _typed(data))
            return
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    for item in read_document(source, limits):
        if isinstance(item, Damage):
            yield item
        elif isinstance(item.value, dict):
            yield Record(source, item.offset, item.length, plain_trajectory(item.value))
        else:
            yield Damage(source_id=source.source_id, offset=0, length=item.length, reason="a trajectory is an object")


def _typed(data: bytes) -> Trajectory:
    parts = _PARTS.decode(data)
    found = Trajectory(
        trajectory=[], history=_HISTORY.decode(parts.history), info=parts.info, replay_config=parts.replay_config
    )
    steps: list[Step] = []
    position = data.find(bytes(parts.trajectory))
    for raw in _ITEMS.decode(parts.trajectory) or ():
        text = bytes(raw)
        steps.append(_STEP.decode(text))
        offset = data.find(text, position)
        found.places.append((offset, len(text)))
        position = offset + len(text)
    found.trajectory = steps
    return found
