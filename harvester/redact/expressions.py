"""What the rules look for, as expressions that match wherever one of them would find something, and more.

They are made of the rules' own patterns with everything taken out that only narrows them, in RE2's syntax and without
assertions: what is found does not depend on what stands around it, nor on which engine looks.
"""

from __future__ import annotations

import re
from functools import cache

from . import blocks, context, headers
from .look import Look
from .relaxed import relaxed
from .rules import EMAIL, PHONE, SIGNED, TOKENS, URL_SCREEN

_MARKER = r"\[REDACTED:"


@cache
def shapes() -> dict[str, tuple[str, ...]]:
    """Match, one or the other, in every text that holds a secret with a shape of its own; each with its hints."""
    return {
        **{relaxed(rule.screen or rule.pattern): rule.hints for rule in TOKENS},
        **{re.escape(hint): (hint,) for hint in SIGNED.hints},
    }


@cache
def surroundings(emails: bool, phones: bool) -> tuple[tuple[Look, str], ...]:
    """Match, one or the other, in every text that holds any other secret, or a marker."""
    personal = (*((EMAIL,) if emails else ()), *((PHONE,) if phones else ()))
    return (
        *((Look.PERSONAL, relaxed(rule.pattern)) for rule in personal),
        *((Look.COMMANDS, relaxed(pattern.pattern)) for pattern, _ in headers.COMMANDS),
        (Look.URLS, URL_SCREEN),
        (Look.PRIVATE_KEYS, blocks.SCREEN),
        (Look.NAMES, context.SCREEN),
        (Look.HEADERS, headers.SCREEN),
        (Look.MARKER, _MARKER),
    )
