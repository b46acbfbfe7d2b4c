"""The pressure over one execution, decision by decision."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from soma.synthesizer.html.dossier import Point
from soma.synthesizer.wording import number

from .draw import element, picture

_WIDTH, _HEIGHT = 320.0, 64.0
_DOTS = 120


def trajectory(points: Sequence[Point]) -> Markup:
    """A line from the first to the last decision over a scale from 0 (bottom) to 1 (top), dots by mode.

    Of more than 120 points only those get a dot at which the mode changes.
    """
    places = [(_x(place, len(points)), _y(point.pressure)) for place, point in enumerate(points)]
    parts = [
        element("line", class_="scale", x1=0.0, x2=_WIDTH, y1=_y(level), y2=_y(level))
        for level in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    parts.append(element("polyline", class_="line", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places)))
    for before, point, (x, y) in zip([None, *points], points, places, strict=False):
        if len(points) <= _DOTS or before is None or before.mode != point.mode:
            parts.append(element("line", class_=f"dot {_kind(point.mode)}", x1=x, x2=x, y1=y, y2=y))
    peak = max(points, key=lambda point: (point.pressure, -point.step))
    told = f"pressure over {number(len(points), 'decision')}, highest {peak.pressure:.2f} at decision {peak.step + 1}"
    return picture(parts, kind="trajectory", width=_WIDTH, height=_HEIGHT, told=told, preserveAspectRatio="none")


def _kind(mode: str) -> str:
    return {"BLOCK": "bad", "WARN": "bad", "GUIDE": "mild"}.get(mode, "calm")


def _x(place: int, many: int) -> float:
    return 4 + (_WIDTH - 8) * (place / (many - 1) if many > 1 else 0.5)


def _y(pressure: float) -> float:
    return 4 + (_HEIGHT - 8) * (1 - min(1.0, max(0.0, pressure)))
