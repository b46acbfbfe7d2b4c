"""The one place of the kit where there is chance, and it is the same chance every time."""

from __future__ import annotations

from random import Random as Draw


def draw_of(seed: int, number: int) -> Draw:
    """The chance that makes one mutant: it depends on the seed and on the mutant's number, on nothing before it."""
    return Draw(f"{seed}:{number}")  # noqa: S311 - to be repeated, not to be secret


__all__ = ["Draw", "draw_of"]
