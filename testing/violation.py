"""What the kit says about an adapter: one finding, in one line a person can act on."""

from __future__ import annotations

import msgspec


class Violation(msgspec.Struct, frozen=True, order=True):
    """A promise of the adapter contract that was not kept.

    Attributes:
        check: Name of the check that found it, as ``soma.testing.CHECKS`` lists it.
        sample: File the adapter was given, or what the kit made of it; empty when it concerns the adapter itself.
        message: What was seen, and what was expected.
    """

    check: str
    sample: str
    message: str

    def __str__(self) -> str:
        return f"{self.check}: {self.sample + ': ' if self.sample else ''}{self.message}"
