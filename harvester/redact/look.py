"""How closely a text has to be looked at, and for what."""

from __future__ import annotations

from enum import IntFlag


class Look(IntFlag):
    """What a text may hold, told before Python looks at it; what is not told it does not hold."""

    NONE = 0
    """Nothing, no marker either."""
    MARKER = 1
    """A marker that was set before."""
    PRIVATE_KEYS = 2
    URLS = 4
    """A password or token in an address."""
    NAMES = 8
    """A value behind a name that says a secret follows."""
    HEADERS = 16
    """A header, a cookie or a session."""
    COMMANDS = 32
    """A programme that takes a secret as a short option."""
    PERSONAL = 64
    """An e-mail address or a telephone number."""
    SHAPES = 128
    """A secret with a shape of its own."""
    CONTEXT = MARKER | PRIVATE_KEYS | URLS | NAMES | HEADERS | COMMANDS | PERSONAL
    """Whatever is known by what stands around it."""
    ALL = CONTEXT | SHAPES
