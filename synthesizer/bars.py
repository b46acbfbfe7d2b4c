"""Intervals drawn as bars with whiskers."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment

from soma.synthesizer.stats import Proportion

NARROWEST, WIDEST = 11, 30


def whisker(proportion: Proportion, style: str = "", width: int = WIDEST) -> Whisker:
    """A share and its interval on a scale from 0 to 100 %, ``├──●─┤``, as wide as there is room and ``width`` allows.

    Dots stand for the whole scale when nothing was observed.
    """
    return Whisker(proportion, style, width)


class Whisker:
    """What ``whisker`` draws: fits itself to the width of its column."""

    def __init__(self, proportion: Proportion, style: str, width: int) -> None:
        self.proportion = proportion
        self.style = style
        self.width = width

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(NARROWEST, self.width, options.max_width), min(self.width, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width, options.max_width)
        yield Segment(self.drawn(width), console.get_style(self.style))

    def drawn(self, width: int) -> str:
        """The bar in ``width`` characters."""
        if self.proportion.rate is None:
            return "·" * width
        interval = self.proportion.interval
        low, rate, high = (round(share * (width - 1)) for share in (interval.low, self.proportion.rate, interval.high))
        cells = [" "] * width
        cells[low : high + 1] = "─" * (high + 1 - low)
        cells[low], cells[high], cells[rate] = "├", "┤", "●"
        return "".join(cells)
