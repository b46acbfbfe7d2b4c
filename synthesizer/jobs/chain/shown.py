"""Which decisions of a long run a page shows: how it began, how it ended, and what failed between."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .model import BROKEN, Chain, Link

_ENDS = 3


class Gap(msgspec.Struct, frozen=True):
    """Decisions left out: how many, in words what became of them, and the request the last of them serves."""

    skipped: int
    words: str
    turn: int


def shown_of(chain: Chain, most: int) -> Iterator[Link | Gap]:
    """At most ``most`` decisions in order, with gaps where some are left out."""
    links = chain.decisions
    kept = set(range(len(links))) if len(links) <= most else _kept(chain, most)
    skipped: list[Link] = []
    for place, link in enumerate(links):
        if place not in kept:
            skipped.append(link)
            continue
        if skipped:
            yield _gap(skipped)
            skipped = []
        yield link
    if skipped:
        yield _gap(skipped)


def _kept(chain: Chain, most: int) -> set[int]:
    """The ends first, then the costliest failure, then failures from the last one backwards, then from the start on."""
    total = len(chain.decisions)
    broken = [place for place, link in enumerate(chain.decisions) if link.outcome in BROKEN]
    costliest = [] if chain.costliest is None else [chain.costliest - 1]
    wanted = [*range(_ENDS), *range(total - _ENDS, total), *costliest, *reversed(broken), *range(total)]
    return set(list(dict.fromkeys(wanted))[:most])


def _gap(skipped: list[Link]) -> Gap:
    broken = sum(link.outcome in BROKEN for link in skipped)
    return Gap(len(skipped), f"{broken:,} of them failed" if broken else "", skipped[-1].turn)
