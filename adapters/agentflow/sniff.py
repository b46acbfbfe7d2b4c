"""Recognises execution graphs, run-log events and patterns, alone, in an array, or one a line."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .shapes import shape_of

_LOOKED_AT = 20


def sniff(head: Head) -> Match | None:
    """A match if most of the first records are of this format; files of insight events alone are nobody's."""
    values: list[Any] = head.values[:_LOOKED_AT]
    if isinstance(head.document, list):
        values = head.document[:_LOOKED_AT]
    shapes = [shape for value in values if (shape := shape_of(value)) is not None]
    useful = [shape for shape in shapes if shape.kind != "insight"]
    if not useful or 2 * len(shapes) < len(values):
        return None
    best = max(useful, key=lambda shape: shape.confidence)
    return Match(confidence=best.confidence, variant=best.kind, why=best.why)
