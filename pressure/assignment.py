"""Which firings of a guidance pattern get the message (treatment) and which are watched in silence (control).

Permuted blocks per pattern and agent family: every block holds as many of one arm as of the other, so that after any
number of firings the arms differ by 3 at most, however agents and days change. Within a block arms are drawn like
balls from an urn without putting back, by a number made of a stored seed and the firing's id. So the same firings in
the same order get the same arms on every machine, nobody without the seed can foresee an arm, and runs of one session
are not tied to one arm. Blocks hold 4 or 6 firings, which the seed decides too, lest the last of a block be guessed.

Zelen, *Journal of Chronic Diseases* 27 (1974) 365-375; Matts & Lachin, *Controlled Clinical Trials* 9 (1988) 327-344.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from soma.identity import digest

GuidanceArm = Literal["treatment", "control"]

_SIZES = (4, 6)
_BYTES = 16
_WHOLE = 1 << (8 * _BYTES)
_NUMBERED = re.compile(r"-\d+\Z", re.ASCII)


class Firing(NamedTuple):
    """A guidance pattern matched: which, in whose execution."""

    firing_id: str
    pattern: str
    agent_id: str


class Urn(msgspec.Struct, frozen=True, rename="camel"):
    """What is left of the present block of one pattern and family; ``block`` counts from 0."""

    block: int = -1
    treatment_left: int = 0
    control_left: int = 0


def family_of(agent_id: str) -> str:
    """The agents that are dealt together: ``worker-1`` and ``worker-22`` are both ``worker``."""
    return _NUMBERED.sub("", agent_id)


def draw(seed: str, firing: Firing, urn: Urn | None = None) -> tuple[GuidanceArm, Urn]:
    """The arm of a firing, and the urn for the next one of its pattern and family; ``None`` before the first.

    A firing is drawn once: who asks again for one that has an arm must be told that arm.

    Raises:
        ValueError: if the firing has no id, or there is no seed.
    """
    if not firing.firing_id or not seed:
        raise ValueError("a firing is dealt by its id and a stored seed: neither may be empty")
    stratum = (firing.pattern, family_of(firing.agent_id))
    left = _filled(seed, stratum, urn or Urn())
    balls = left.treatment_left + left.control_left
    if _number(seed, "arm", *stratum, firing.firing_id) * balls < left.treatment_left * _WHOLE:
        return "treatment", Urn(left.block, left.treatment_left - 1, left.control_left)
    return "control", Urn(left.block, left.treatment_left, left.control_left - 1)


def urn_after(seed: str, pattern: str, family: str, arms: Iterable[GuidanceArm]) -> Urn:
    """The urn of a pattern and family after the arms it dealt so far, in order: what stored rows are enough for."""
    left = Urn()
    for arm in arms:
        left = _filled(seed, (pattern, family), left)
        treated = arm == "treatment"
        # Rows that another seed dealt may not fit a block of this one: it then ends early.
        left = Urn(
            left.block, max(0, left.treatment_left - treated), max(0, left.control_left - (not treated))
        )  # fmt: skip
    return left


def deal(seed: str, firings: Iterable[Firing]) -> Iterator[tuple[Firing, GuidanceArm]]:
    """Every firing with its arm, in the order in which they fired; one that comes again keeps its arm.

    Raises:
        ValueError: if a firing has no id, or there is no seed.
    """
    urns: dict[tuple[str, str], Urn] = {}
    dealt: dict[str, GuidanceArm] = {}
    for firing in firings:
        if firing.firing_id not in dealt:
            stratum = (firing.pattern, family_of(firing.agent_id))
            dealt[firing.firing_id], urns[stratum] = draw(seed, firing, urns.get(stratum))
        yield firing, dealt[firing.firing_id]


def _filled(seed: str, stratum: tuple[str, str], left: Urn) -> Urn:
    """The urn, with the next block in it if it is empty."""
    if left.treatment_left or left.control_left:
        return left
    half = _SIZES[_number(seed, "size", *stratum, str(left.block + 1)) % len(_SIZES)] // 2
    return Urn(left.block + 1, half, half)


def _number(seed: str, *parts: str) -> int:
    """Evenly spread over 128 bits; no two lists of parts are written alike."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return int(digest(text, key=digest(seed, size=32).encode(), size=_BYTES), 16)
