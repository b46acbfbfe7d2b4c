"""A share with its interval on a scale from 0 to 100 %."""

from __future__ import annotations

from markupsafe import Markup

from soma.synthesizer.wording import percent

from .draw import element, picture


def whisker(rate: float | None, low: float, high: float, *, kind: str = "") -> Markup:
    """A line from ``low`` to ``high`` with a dot at ``rate``; only the scale where nothing was observed.

    The picture is stretched to its box: strokes keep their width, and the dot is a line of no length with round ends.
    """
    parts = [_line("scale", 0, 100), *(_tick(place) for place in (0, 50, 100))]
    told = "nothing observed"
    if rate is not None:
        parts += [_line("reach", 100 * low, 100 * high), _line("dot", 100 * rate, 100 * rate)]
        told = f"{percent(rate)}, compatible with {percent(low)} to {percent(high)}"
    return picture(
        parts, kind=f"whisker {kind}".strip(), width=100.0, height=12.0, told=told, preserveAspectRatio="none"
    )


def _line(kind: str, start: float, end: float) -> Markup:
    return element("line", class_=kind, x1=float(start), x2=float(end), y1=6.0, y2=6.0)


def _tick(place: float) -> Markup:
    return element("line", class_="scale", x1=float(place), x2=float(place), y1=3.5, y2=8.5)
