"""``dotted_order``: the runs from the root down to a run, each as the instant it began and its id."""

from __future__ import annotations

import re

from soma import clock

STAMP = 22
"""Characters of the instant that an id follows."""
_SEGMENT = re.compile(r"\d{8}T\d{12}Z")


def is_segment(text: str) -> bool:
    """Whether it is an instant and an id."""
    return len(text) > STAMP and _SEGMENT.match(text) is not None


def ids_in(order: str) -> tuple[str, ...] | None:
    """The ids in it, from the root on; ``None`` where it is not written as expected."""
    segments = order.split(".")
    return tuple([segment[STAMP:] for segment in segments]) if all(map(is_segment, segments)) else None


def began_in(segment: str) -> int | None:
    """The instant of a segment, epoch microseconds."""
    return clock.from_iso(f"{segment[:15]}.{segment[15:STAMP]}")
