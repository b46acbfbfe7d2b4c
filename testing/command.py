"""``python -m soma.testing FORMAT SAMPLE...``: the checks, or any number of mutants, without a test runner."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from soma.adapters.contract import Adapter
from soma.adapters.registry import adapter_named
from soma.errors import SomaError

from .hostile import SECONDS, Trial, trials
from .kit import check_adapter
from .reading import head_of

_TOLD_EVERY = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Check an adapter, or feed it mutants; exit code 1 when it does not keep its contract, 2 for wrong options."""
    parser = argparse.ArgumentParser("python -m soma.testing", description="Check an adapter of soma.")
    parser.add_argument("format", help="name of the adapter, as soma harvest --format takes it")
    parser.add_argument("samples", nargs="+", type=Path, help="sample files, or folders of them")
    parser.add_argument("--runs", type=int, help="instead of the checks, read so many mutants of the samples")
    parser.add_argument("--seed", type=int, default=0, help="other mutants")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long one mutant may take")
    parser.add_argument("--keep", type=Path, help="folder for the mutants that broke the adapter")
    options = parser.parse_args(arguments)
    try:
        adapter = adapter_named(options.format)
    except SomaError as problem:
        parser.error(f"{problem}: {problem.hint}")
    samples = _claimed(adapter, options.samples)
    if not samples:
        parser.error(f"the adapter {adapter.name} claims no file there")
    if options.runs is None:
        return _check(adapter, samples)
    found: Counter[str] = Counter()
    for done, trial in enumerate(
        trials(adapter, samples, options.runs, options.seed, options.first, options.seconds), start=1
    ):
        if trial.fault is not None:
            found[trial.fault] += 1
            if found[trial.fault] == 1:
                _show(trial, samples, options.keep)
        if done % _TOLD_EVERY == 0:
            sys.stderr.write(f"{done:,} of {options.runs:,} mutants, {found.total():,} broke it\n")
    sys.stdout.write(f"{adapter.name}: {options.runs:,} mutants of {len(samples)} samples, {len(found)} faults\n")
    return 1 if found else 0


def _claimed(adapter: Adapter, paths: Sequence[Path]) -> list[Path]:
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    matches = {file: adapter.sniff(head_of(file)) for file in files if file.is_file()}
    return [file for file, match in matches.items() if match is not None and match.use == "read"]


def _check(adapter: Adapter, samples: Sequence[Path]) -> int:
    violations = check_adapter(adapter, samples)
    sys.stdout.write("".join(f"{violation}\n" for violation in violations))
    sys.stdout.write(f"{adapter.name}: {len(samples)} samples, {len(violations)} violations\n")
    return 1 if violations else 0


def _show(trial: Trial, samples: Sequence[Path], keep: Path | None) -> None:
    mutant = trial.mutant
    sys.stdout.write(f"mutant {mutant.number} of {samples[mutant.sample]} ({mutant.how}): {trial.fault}\n")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"mutant-{mutant.number}-{samples[mutant.sample].name}").write_bytes(mutant.data)
