"""Fuzzing of one adapter: guided by coverage where atheris is installed, with seeded mutants of its samples elsewhere.

    make fuzz FORMAT=openclaw RUNS=100000

Both begin with the traces in ``fixtures/<FORMAT>`` and stop with exit code 1 at what an adapter must not do: raise
anything but a ``SourceError``, hang, or yield an unsound draft. What broke it is kept in ``.fuzz/``.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import tempfile
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
    samples = ROOT / "fixtures" / options.format
    if not samples.is_dir():
        parser.error(f"there are no traces in {samples}")
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed: seeded mutants instead (pip install atheris for coverage)\n")
        plain = [options.format, str(samples), "--runs", options.runs, "--seed", options.seed, "--keep", KEPT]
        return command.main([str(argument) for argument in plain])
    return _guided(options.format, samples, options.runs, options.seed)


def _guided(name: str, samples: Path, runs: int, seed: int) -> int:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["soma.adapters"]):
        adapter: Adapter = adapter_named(name)
    folder = Path(tempfile.mkdtemp(prefix="soma-fuzz-"))

    def one_input(data: bytes) -> None:
        path = folder / "input"
        path.write_bytes(data)
        if (fault := fault_with(adapter, path, SECONDS)) is not None:
            raise AssertionError(f"{name} {fault}")

    def change(data: bytes, longest: int, number: int) -> bytes:
        mutant = next(mutants([data or b"{}"], 1, seed, number))
        return mutant.data[:longest] or b"{"

    KEPT.mkdir(exist_ok=True)
    corpus = [str(path) for path in sorted({path.parent for path in samples.rglob("*") if path.is_file()})]
    limits = [f"-runs={runs}", f"-seed={seed or 1}", "-max_len=200000", f"-artifact_prefix={KEPT}/"]
    atheris.Setup(
        [sys.argv[0], *limits, tempfile.mkdtemp(prefix="soma-corpus-"), *corpus], one_input, custom_mutator=change
    )
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
