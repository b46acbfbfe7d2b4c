"""Does an adapter survive what nobody would write on purpose: no exception, no hang, no unsound draft, no leak?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from soma.adapters.contract import Adapter

from .drafts import faults
from .json_mutations import CANARY
from .mutate import Mutant, mutants
from .reading import Broke, Readout, attempt
from .samples import load, placed, workshop
from .violation import Violation

RUNS = 400
"""How many mutants the check feeds to an adapter."""
SECONDS = 10.0
"""How long one mutant may take."""
_SHOWN = 10


class Trial(NamedTuple):
    """One mutant and what came of it: ``fault`` is ``None`` when the adapter coped with it."""

    mutant: Mutant
    fault: str | None


def trials(
    adapter: Adapter, samples: Sequence[Path], runs: int, seed: int = 0, first: int = 0, seconds: float = SECONDS
) -> Iterator[Trial]:
    """Feed mutants of the samples to the adapter, one after the other."""
    loaded = load(samples)
    with workshop() as folder:
        for mutant in mutants([sample.data for sample in loaded], runs, seed, first):
            path = placed(loaded[mutant.sample], folder, mutant.data)
            yield Trial(mutant, fault_with(adapter, path, seconds))


def fault_with(adapter: Adapter, path: Path, seconds: float = SECONDS) -> str | None:
    """What goes wrong when the adapter is given this file; ``None`` when nothing does."""
    out = attempt(adapter, path, seconds=seconds)
    return out.what if isinstance(out, Broke) else _unsound(out)


def _unsound(out: Readout) -> str | None:
    for item in out.items:
        for fault in faults(item):
            return f"yields an unsound {type(item).__name__}: {fault}"
    for source in out.sources:
        if not 0 <= source.bytes_read <= source.size:
            return f"bytes_read is {source.bytes_read:,} of {source.size:,}"
    if any(CANARY in item.reason for item in out.damage):
        return "the reason of a damage repeats text of the record"
    return None


def hostile_input(adapter: Adapter, samples: Sequence[Path], *, runs: int = RUNS, seed: int = 0) -> Iterator[Violation]:
    """Mutants of the samples, the same for the same seed, are read without an exception or yield sound drafts."""
    seen: set[str] = set()
    for trial in trials(adapter, samples, runs, seed):
        if trial.fault is not None and trial.fault not in seen and len(seen) < _SHOWN:
            seen.add(trial.fault)
            mutant = trial.mutant
            yield Violation(
                "hostile_input", samples[mutant.sample].name, f"mutant {mutant.number} ({mutant.how}) {trial.fault}"
            )
