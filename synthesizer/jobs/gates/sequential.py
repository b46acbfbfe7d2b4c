"""The gate of a guidance pattern: fed with outcomes block by block, it may be asked after each.

A verdict once reached stays, with the number of blocks it took: that is what the guarantee is about. A pattern that was
refuted is tried again only by an empty gate, that is by new data.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from soma.synthesizer.stats import Interval, e_benjamini_hochberg

from .betting import evidence, interval
from .model import Verdict
from .verdict import verdict_of


class Gate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a gate knows: one value that can be stored, and goes on in another process as if it had never stopped.

    Attributes:
        seen: Differences (treatment minus control) with how often each was seen, in order.
        verdict: The first one reached; ``collecting`` until then. decided_after: blocks it took.
    """

    seen: tuple[tuple[float, int], ...] = ()
    verdict: Verdict = "collecting"
    decided_after: int | None = None

    @property
    def blocks(self) -> int:
        """How many blocks have come in."""
        return sum(many for _, many in self.seen)

    @property
    def e_value(self) -> float:
        """Evidence against no difference."""
        return evidence(dict(self.seen)).e_value if self.seen else 1.0

    def interval(self, level: float = 0.95) -> Interval:
        """Of the mean difference, right at all looks together."""
        return interval(dict(self.seen), level)


def fed(gate: Gate, treatment: Sequence[float], control: Sequence[float]) -> Gate:
    """The gate after one more block: outcomes of both arms, 0 to 1 each (success, recovery, one minus pressure).

    Which firings are a block must not depend on their outcomes. One whose outcomes are known of one arm only teaches
    nothing and leaves the gate as it is.

    Raises:
        ValueError: if an outcome does not lie between 0 and 1.
    """
    if not all(0 <= value <= 1 for value in (*treatment, *control)):
        raise ValueError("an outcome lies between 0 and 1")
    if not treatment or not control:
        return gate
    seen = Counter(dict(gate.seen))
    seen[math.fsum(treatment) / len(treatment) - math.fsum(control) / len(control)] += 1
    return msgspec.structs.replace(gate, seen=tuple(sorted(seen.items())))


def judged(gates: Mapping[str, Gate], delta: float = 0.1, level: float = 0.95) -> dict[str, Gate]:
    """All gates after a look at all of them; false discoveries are controlled over the patterns that have begun.

    Raises:
        ValueError: if ``delta`` does not lie between 0 and 1.
    """
    begun = sorted(name for name, gate in gates.items() if gate.seen)
    q_values = dict(zip(begun, e_benjamini_hochberg([gates[name].e_value for name in begun]), strict=True))
    return {name: _judged(gate, q_values.get(name, 1.0), delta, level) for name, gate in gates.items()}


def _judged(gate: Gate, q_value: float, delta: float, level: float) -> Gate:
    if gate.verdict != "collecting":
        return gate
    verdict = verdict_of(dict(gate.seen), q_value, delta, level)
    if verdict == "collecting":
        return gate
    return msgspec.structs.replace(gate, verdict=verdict, decided_after=gate.blocks)
