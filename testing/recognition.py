"""Does an adapter claim its own files, and nobody else's?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Adapter, Match

from .foreign import WEAK, foreign
from .samples import Sample, load
from .violation import Violation


def sniff(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Samples are claimed whatever they are called; files of other formats, and of none, are left alone."""
    for sample in load(samples):
        match = adapter.sniff(sample.head)
        if match is None:
            yield Violation("sniff", sample.name, "the sample is not claimed")
            continue
        if found := _ill(match):
            yield Violation("sniff", sample.name, found)
        if match.use != "read":
            yield Violation("sniff", sample.name, f"claimed as a {match.use}: only files that are read are samples")
        elif adapter.sniff(_unnamed(sample)) is None:
            yield Violation("sniff", sample.name, "not claimed under another name: contents decide, not the name")
    for other in foreign():
        if adapter.name == other.owner:
            continue
        for name in ("foreign", *(path.name for path in samples[:1])):
            match = adapter.sniff(Head(name, len(other.data), other.data))
            if match is not None and (other.owner is None or match.confidence >= WEAK):
                claim = f"claims {other.name} called {name!r} with {match.confidence:g} ({match.why})"
                yield Violation("sniff", "", claim)
                break


def _unnamed(sample: Sample) -> Head:
    return Head("unnamed", sample.head.size, sample.head.data)


def _ill(match: Match) -> str | None:
    if not 0 < match.confidence <= 1:
        return f"a confidence of {match.confidence}"
    return None if match.variant and match.why else "a claim without a variant or a reason"
