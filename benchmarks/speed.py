"""How far is a harvest from what its decoder alone could do? The table of targets, each a ratio inside this run.

Sessions are those of ``written_as.py``, the same for the same seed. Baselines, over the same bytes in the same rounds:

raw typed decode: ``decode_lines`` of msgspec on blocks of at most 2 MiB into flat structs, and nothing else.
json.loads loop, redacting: the loop of ``harvest.py`` (OpenClaw only): a row for every call, each text redacted, one
parquet file; no digests, identities, action names, quarantine or commit.
scan and stat: ``os.scandir`` and one ``stat`` for every file.

Times are processor seconds of this process, the median of the rounds; wall seconds where several processes work.

    python benchmarks/speed.py [--mb 24] [--rounds 5] [--sources 100000] [--graphs 20000] [--file-mb 400]
                               [--only PART ...]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent))

import flat
import traffic
import written_as
from harvest import KEY, baseline

from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.registry import recognise
from soma.harvester.agents import AgentNames
from soma.harvester.harvest import Options, harvest
from soma.harvester.normalise import Item, Normaliser
from soma.harvester.redact import Batch, Redactor, Shares
from soma.harvester.redact.cut import MARGIN
from soma.harvester.redact.look import Look
from soma.harvester.redact.screen import ENGINES, Screen, scanner
from soma.identity import source_id
from soma.model import ExecutionDraft
from soma.source import DEFAULT_LIMITS, Source
from soma.vault import VaultRoot

BLOCK = 2 << 20
TOGETHER = 1024
"""Decisions that become rows together, as in a harvest."""
Timed = Callable[[], object]


class Open(Redactor):
    """Redacts nothing; bounds as ever."""

    def looks(self, windows: Any) -> list[Look]:
        return [Look.NONE] * len(windows)

    def are_plain(self, texts: Any) -> bool:
        return True

    def suspects(self, texts: Any) -> list[int]:
        return []

    def text(self, value: str, look: Look = Look.ALL) -> str:
        return value

    def value(self, value: Any, look: Look = Look.ALL) -> Any:
        return value


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--mb", type=float, default=24, help="of each format")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--sources", type=int, default=100_000, help="of a harvest that finds nothing changed")
    arguments.add_argument("--graphs", type=int, default=20_000)
    parts = {"formats": formats, "whole": whole, "unchanged": unchanged, "graphs": graphs, "help": first_words}
    parts["one-file"] = one_file
    arguments.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    arguments.add_argument("--file-mb", type=float, default=400, help="of the one huge file of lines")
    arguments.add_argument("--file-format", choices=("langsmith", "otlp"), default="langsmith")
    given = arguments.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; medians of {given.rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            parts[name](Path(folder), given)


def formats(place: Path, given: argparse.Namespace) -> None:
    """Decode and map to Arrow columns, redaction off and on, against raw typed decode."""
    for form in written_as.FORMATS:
        size = written_as.write(form, place / form, int(given.mb * 1e6))
        _columns_of(form, sources_in(place / form), size, given.rounds)


def _columns_of(form: str, sources: list[Source], size: int, rounds: int) -> None:
    took = medians(rounds, {
        "raw": lambda: [raw(source, form) for source in sources],
        "off": lambda: columns(sources, Open(KEY)),
        "on": lambda: columns(sources, Redactor(KEY)),
    })  # fmt: skip
    print(
        f"{form:12} raw typed decode {size / took['raw'] / 1e6:6.0f} MB/s; to columns, redaction off "
        f"{took['raw'] / took['off']:.3f}, on {took['raw'] / took['on']:.3f} of it; "
        f"redaction {told(redacted_alone(decision_texts(sources), rounds))}"
    )


def sources_in(folder: Path) -> list[Source]:
    """The files of a folder as sources."""
    return [Source(str(path), source_id(str(path)), size=path.stat().st_size) for path in sorted(folder.iterdir())]


def whole(place: Path, given: argparse.Namespace) -> None:
    """Into the committed vault: against raw typed decode, the json.loads loop, and with two processes."""
    folder = place / "whole"
    size = written_as.write("openclaw", folder, int(given.mb * 1e6))
    sources = sources_in(folder)
    took = medians(given.rounds, {
        "raw": lambda: [raw(source, "openclaw") for source in sources],
        "json": lambda: baseline(folder, place / "rows.parquet", Redactor(KEY).bounded),
        "soma": lambda: into_a_vault(folder, place / "vault", 1),
    })  # fmt: skip
    walls = medians(given.rounds, {
        "one": lambda: into_a_vault(folder, place / "vault", 1),
        "two": lambda: into_a_vault(folder, place / "vault", 2),
    }, time.perf_counter)  # fmt: skip
    print(
        f"end to end   {size / took['soma'] / 1e6:.0f} MB/s; {took['raw'] / took['soma']:.3f} of raw typed decode; "
        f"{took['json'] / took['soma']:.2f} x the json.loads loop, redacting; "
        f"two processes {walls['one'] / walls['two']:.2f} x one (wall)"
    )


def unchanged(place: Path, given: argparse.Namespace) -> None:
    """A harvest that finds nothing changed, against scanning and stat-ing the same files."""
    folder = place / "many"
    run = next(traffic.sessions(7, calls=(1, 1)))
    for number in range(given.sources):
        inside = folder / f"{number // 1000:04d}"
        if number % 1000 == 0:
            inside.mkdir(parents=True)
        named = run._replace(name=f"s{number}", calls=[run.calls[0]._replace(output="done")])
        (inside / f"s{number}.jsonl").write_text(written_as.claude_code(named))
    into_a_vault(folder, place / "quiet", 2)
    took = medians(given.rounds, {
        "scan": lambda: sum(1 for _ in scanned(folder)),
        "soma": lambda: harvest([str(folder)], VaultRoot(place / "quiet"), Options(jobs=1)),
    })  # fmt: skip
    print(
        f"unchanged    {given.sources:,} sources: {took['soma']:.2f} s, {took['soma'] / took['scan']:.2f} x "
        f"scanning and stat-ing them; 1,000,000 at this rate: {took['soma'] * 1e6 / given.sources:.0f} s"
    )


def one_file(place: Path, given: argparse.Namespace) -> None:
    """One file of the runs of many agents at once, read whole and in parts, by one process and by two."""
    folder = place / "one-file"
    size = written_as.write_one(given.file_format, folder / "runs.jsonl", int(given.file_mb * 1e6))
    whole = 1 << 60
    ways: dict[str, Timed] = {
        "whole, one": lambda: into_a_vault(folder, place / "vault", 1, split_bytes=whole),
        "parts, one": lambda: into_a_vault(folder, place / "vault", 1),
        "whole, two": lambda: into_a_vault(folder, place / "vault", 2, split_bytes=whole),
        "parts, two": lambda: into_a_vault(folder, place / "vault", 2),
    }
    rounds = max(1, given.rounds // 2)
    took = medians(rounds, ways, time.perf_counter)
    print(
        f"one file     {given.file_format}, {size / 1e6:.0f} MB: whole {took['whole, one']:.1f} s, in parts "
        f"{took['parts, one']:.1f} s by one process; whole {took['whole, two']:.1f} s, in parts "
        f"{took['parts, two']:.1f} s by two: in parts two are {took['parts, one'] / took['parts, two']:.2f} x one, "
        f"and {took['whole, two'] / took['parts, two']:.2f} x two that read it whole (wall)"
    )


def graphs(place: Path, given: argparse.Namespace) -> None:
    """AgentFlow graphs, committed, two processes."""
    size = written_as.write_graphs(place / "graphs", given.graphs)
    took = medians(max(1, given.rounds // 2), {"soma": lambda: into_a_vault(place / "graphs", place / "g", 2)},
                   time.perf_counter)  # fmt: skip
    print(
        f"graphs       {given.graphs:,} of {size / given.graphs / 1e3:.1f} KB: "
        f"{given.graphs / took['soma']:.0f} graphs/s, durable (wall, two processes)"
    )


def first_words(_: Path, given: argparse.Namespace) -> None:
    """``soma --help``, and the interpreter alone."""
    soma = str(Path(sys.executable).with_name("soma"))
    took = medians(given.rounds + 4, {
        "python": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        "help": lambda: subprocess.run([soma, "--help"], check=True, capture_output=True),
    }, time.perf_counter)  # fmt: skip
    print(f"soma --help  {took['help'] * 1000:.0f} ms, of which the interpreter {took['python'] * 1000:.0f} ms (wall)")


def medians(rounds: int, ways: dict[str, Timed], clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Median seconds of each way, taken in turn."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = clock()
            way()
            took[name].append(clock() - started)
    return {name: statistics.median(times) for name, times in took.items()}


def raw(source: Source, form: str) -> int:
    """Decode the lines of a source, block by block; returns how many there are."""
    lines = 0
    decode_lines = flat.DECODERS[form].decode_lines
    with source.open() as stream:
        rest = b""
        while block := stream.read(BLOCK):
            end = block.rfind(b"\n") + 1
            if not end:
                rest += block
                continue
            lines += len(decode_lines(rest + block[:end]))
            rest = block[end:]
    return lines + len(decode_lines(rest))


def drafts(sources: list[Source]) -> Iterator[tuple[ExecutionDraft, Any]]:
    for source in sources:
        with source.open() as stream:
            found = recognise(Head(source.name, source.size, stream.read(HEAD_BYTES)))
        assert found is not None
        for draft in found[0].map(found[0].read(source, DEFAULT_LIMITS)):
            if isinstance(draft, ExecutionDraft):
                yield draft, found[0]


def columns(sources: list[Source], redactor: Redactor) -> pa.Table:
    """All sources as one Arrow table of decisions."""
    rows = Normaliser(KEY, redactor, AgentNames())
    waiting: list[Item] = []
    for draft, adapter in drafts(sources):
        waiting.append(Item(draft, adapter, "/traces", 0, 0))
        if sum(len(item.draft.decisions) for item in waiting) >= TOGETHER:
            rows.add(waiting)
            waiting = []
            if rows.is_full:
                rows.settle()
    rows.add(waiting)
    return rows.tables().decisions


def decision_texts(sources: list[Source]) -> list[str]:
    """What agents said and what came back."""
    return [text for draft, _ in drafts(sources) for decision in draft.decisions
            for text in (decision.reasoning, decision.output) if text]  # fmt: skip


def redacted_alone(texts: list[str], rounds: int) -> dict[str, float]:
    """MB/s of redaction alone, as the harvest does it, by each engine that is there; of what is looked at."""
    kept = 2048
    looked_at = sum(len(text[: kept + MARGIN]) for text in texts)

    def redact(redactor: Redactor) -> None:
        batch, all_of_one = Batch(redactor, str), Shares(["all"], [0])
        for start in range(0, len(texts), 256):
            some = texts[start : start + 256]
            batch.texts([None] * len(some), some, kept, all_of_one)
            if batch.is_full:
                batch.settle()
        batch.settle()

    there = [engine for engine in ENGINES if engine != "hyperscan" or scanner(False, False) is not None]
    ways = {engine: Redactor(KEY, screen=Screen(only=engine)) for engine in there}
    took = medians(rounds, {name: partial(redact, redactor) for name, redactor in ways.items()})
    return {name: looked_at / seconds / 1e6 for name, seconds in took.items()}


def told(speeds: dict[str, float]) -> str:
    return ", ".join(f"{speed:.0f} MB/s by {name}" for name, speed in speeds.items())


def into_a_vault(folder: Path, vault: Path, jobs: int, **options: Any) -> int:
    """One harvest into a new vault; returns its decisions."""
    rmtree(vault, ignore_errors=True)
    return harvest([str(folder)], VaultRoot(vault), Options(jobs=jobs, **options)).decisions


def scanned(folder: Path) -> Iterator[int]:
    waiting = [str(folder)]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            if entry.is_dir():
                waiting.append(entry.path)
            else:
                yield entry.stat().st_mtime_ns


if __name__ == "__main__":
    main()
