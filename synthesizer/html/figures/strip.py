"""Parts of a whole as one bar."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .draw import element

_LEAST = 0.012


def strip(parts: Sequence[tuple[str, int]]) -> Markup:
    """A bar whose pieces are as long as their share; one that is there at all is never too short to be seen."""
    total = sum(many for _, many in parts) or 1
    shares = [max(_LEAST, many / total) for _, many in parts]
    whole, at, drawn = sum(shares), 0.0, []
    for (kind, _), share in zip(parts, shares, strict=True):
        width = 100 * share / whole
        drawn.append(element("rect", class_=kind.replace(" ", "-"), x=at, y=0, width=max(0.1, width - 0.25), height=1))
        at += width
    # The legend below says the same in words: a screen reader need not hear it twice.
    return element("svg", drawn, class_="strip", viewBox="0 0 100 1", preserveAspectRatio="none", aria_hidden="true")
