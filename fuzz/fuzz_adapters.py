"""Fuzzing of one adapter: guided by coverage where atheris is installed, with seeded mutants of its samples elsewhere.

    make fuzz FORMAT=openclaw RUNS=100000

Both begin with the traces in ``fixtures/<FORMAT>``, or with the kit's own sample where none ship, and end with an exit
code other than 0 at what an adapter must not do: raise anything but a ``SourceError``, hang, or yield an unsound draft.
What broke it is kept in ``.fuzz/``, and so are the inputs that reached new code: the next run goes on from there.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from soma.adapters.contract import Adapter
from soma.adapters.registry import adapter_named
from soma.testing import command
from soma.testing.hostile import fault_with
from soma.testing.mutate import mutants

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".fuzz"
SECONDS = 10.0


def main() -> int:
    """Read the options and fuzz; returns the exit code."""
    parser = argparse.ArgumentParser(description="Fuzz one adapter.")
    parser.add_argument("format", help="name of the adapter, as soma harvest --format takes it")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    samples = samples_of(options.format)
    if not samples:
        parser.error(f"there are no traces in {ROOT / 'fixtures' / options.format}")
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed: seeded mutants instead (pip install atheris for coverage)\n")
        plain = [options.format, *samples, "--runs", options.runs, "--seed", options.seed, "--keep", KEPT]
        return command.main([str(argument) for argument in plain])
    return _guided(options.format, samples, options.runs, options.seed)


def samples_of(name: str) -> list[Path]:
    """The traces of a format that the mutants are made of."""
    shipped = sorted(path for path in (ROOT / "fixtures" / name).rglob("*") if path.is_file())
    return shipped or sorted((ROOT / "testing" / "other_formats").glob(f"{name}.*"))


def _guided(name: str, samples: list[Path], runs: int, seed: int) -> int:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["soma.adapters"]):
        adapter: Adapter = adapter_named(name)
    corpus = KEPT / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    path = KEPT / "input"

    def one_input(data: bytes) -> None:
        path.write_bytes(data)
        if (fault := fault_with(adapter, path, SECONDS)) is not None:
            raise AssertionError(f"{name} {fault}")

    def change(data: bytes, longest: int, number: int) -> bytes:
        mutant = next(mutants([data or b"{}"], 1, seed, number))
        return mutant.data[:longest] or b"{"

    for number, sample in enumerate(samples):
        (corpus / f"sample-{number}").write_bytes(sample.read_bytes())
    limits = [f"-runs={runs}", f"-seed={seed or 1}", "-max_len=200000", f"-artifact_prefix={KEPT}/"]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], one_input, custom_mutator=change)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
