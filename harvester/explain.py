"""Which adapter claims a file, and why: the answer to "why does soma not read this?"."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.adapters.contract import Adapter
from soma.adapters.mapped import adapter_of
from soma.adapters.registry import adapters

from .discover import Candidate
from .heads import Heads, looks_like
from .portion import Portion, Settings
from .recognise import read_contained
from .redact import Redactor
from .work import read_once


class Claim(msgspec.Struct, frozen=True):
    """One adapter's claim on a file."""

    adapter: str
    confidence: float
    variant: str
    why: str
    use: str


class Explanation(msgspec.Struct):
    """What soma makes of one file.

    Attributes:
        claims: Every adapter that recognises it, the surest first; the first one reads it.
        looks_like: What the file looks like when nobody claims it.
        portion: What reading it gave; nothing of it is written anywhere.
    """

    path: str
    claims: list[Claim]
    looks_like: str
    portion: Portion


def explain(candidate: Candidate, settings: Settings) -> Explanation:
    """Ask every adapter about the file, then read it as a harvest would."""
    heads = Heads()
    claims: list[Claim] = []
    seen: list[str] = []

    def ask() -> None:
        head = heads.of(candidate)
        seen.append(looks_like(head))
        for adapter in _choice(settings):
            match = adapter.sniff(head)
            if match is not None:
                claims.append(Claim(adapter.name, match.confidence, match.variant, match.why, match.use))

    read_contained("an adapter", ask, seen.append)
    # The sort is stable: of equally sure adapters the earlier one reads the file, here as in a harvest.
    claims.sort(key=lambda claim: -claim.confidence)
    path = Redactor(settings.key).path(candidate.shown)
    return Explanation(path, claims, seen[0] if seen else "", read_once([candidate], settings))


def _choice(settings: Settings) -> Sequence[Adapter]:
    return adapters() if settings.mapping is None else (adapter_of(settings.mapping), *adapters())
