"""How fast is a harvest? MB/s and decisions/s, against a plain json.loads loop over the same files, in one run.

The traces are real sessions copied until there is enough to time.

json.loads loop: one process, ``json.loads`` per line, the same facts filled in (tool, reasoning, outcome, arguments,
output, times, tokens), rows as dictionaries, one parquet file. It redacts nothing, has no digests, no stable identity,
no action names, no quarantine, and commits nothing.
json.loads loop, redacting: the same, with ``Redactor.bounded`` on each of its texts: the plain way to do what may not
be left out.
soma: ``soma.harvester.harvest`` with one job and with all processors, into a new vault.

    python benchmarks/harvest.py [--mb 64] [--rounds 3] [--traces FOLDER]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.registry import recognise
from soma.harvester.agents import AgentNames
from soma.harvester.harvest import Options, harvest
from soma.harvester.normalise import Item, Normaliser
from soma.harvester.pool import default_jobs
from soma.harvester.redact import Redactor
from soma.identity import source_id
from soma.model import ExecutionDraft
from soma.schema import DECISIONS
from soma.source import DEFAULT_LIMITS, Source
from soma.vault import VaultRoot
from soma.vault.fragment import write_fragment

KEY = bytes(32)
PLAIN, REDACTING = "json.loads loop", "json.loads loop, redacting"
Bounded = Callable[[str, int], str]
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--mb", type=float, default=64, help="about how much to read")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--traces", type=Path, default=FIXTURES / "openclaw", help="folder with OpenClaw sessions")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        size = copies(given.traces, place / "traces", int(given.mb * 1e6))
        jobs = default_jobs()
        ways: dict[str, Callable[[], int]] = {
            PLAIN: lambda: baseline(place / "traces", place / "baseline.parquet", cut),
            REDACTING: lambda: baseline(place / "traces", place / "baseline.parquet", Redactor(KEY).bounded),
            "soma, 1 job": lambda: measured(place, 1),
            f"soma, {jobs} jobs": lambda: measured(place, jobs),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        decisions: dict[str, int] = {}
        for _ in range(given.rounds):
            for name, way in ways.items():
                started = time.perf_counter()
                decisions[name] = way()
                seconds[name].append(time.perf_counter() - started)
        report(size, seconds, decisions)
        print("one job, by phase: " + ", ".join(f"{name} {took:.2f} s" for name, took in phases(place).items()))


def copies(traces: Path, place: Path, wanted: int) -> int:
    """Write copies of every session under new session ids until ``wanted`` bytes are there."""
    place.mkdir()
    sessions = sorted(path for path in traces.rglob("*.jsonl") if b'"type":"session"' in path.read_bytes()[:400])
    if not sessions:
        sys.exit(f"no OpenClaw session below {traces}")
    total = number = 0
    while total < wanted:
        for path in sessions:
            lines = path.read_text(encoding="utf-8").splitlines()
            header = json.loads(lines[0])
            header["id"] = f"{header['id']}-{number}"
            # Without its parent the copy is a session of its own; else all copies would be one family.
            header.pop("parentSession", None)
            header.pop("branchedFrom", None)
            data = "\n".join([json.dumps(header), *lines[1:]]) + "\n"
            (place / f"{path.stem}-{number}.jsonl").write_text(data, encoding="utf-8")
            total += len(data.encode())
            number += 1
    return total


def measured(place: Path, jobs: int) -> int:
    """One harvest into a new vault; returns its decisions."""
    vault = place / "vault"
    shutil.rmtree(vault, ignore_errors=True)
    summary = harvest([str(place / "traces")], VaultRoot(vault), Options(jobs=jobs))
    return summary.decisions


def phases(place: Path) -> dict[str, float]:
    """Seconds of the steps of reading, one after the other over all sources; drafts are kept in between."""
    took: dict[str, float] = {}
    started = time.perf_counter()

    def done(phase: str) -> None:
        nonlocal started
        now = time.perf_counter()
        took[phase], started = now - started, now

    paths = sorted((place / "traces").iterdir())
    heads = [Head(path.name, path.stat().st_size, path.read_bytes()[:HEAD_BYTES]) for path in paths]
    adapters = [match[0] for head in heads if (match := recognise(head))]
    done("recognise")
    sources = [Source(str(path), source_id(str(path)), size=path.stat().st_size) for path in paths]
    for adapter, source in zip(adapters, sources, strict=True):
        for _ in adapter.read(source, DEFAULT_LIMITS):
            pass
    done("decode")
    drafts = [list(a.map(a.read(source, DEFAULT_LIMITS))) for a, source in zip(adapters, sources, strict=True)]
    done("decode and map")
    rows = Normaliser(KEY, Redactor(KEY), AgentNames())
    for adapter, source, found in zip(adapters, sources, drafts, strict=True):
        for draft in found:
            if isinstance(draft, ExecutionDraft):
                rows.add([Item(draft, adapter, source.path, 0, 0)])
    tables = rows.tables()
    done("normalise and redact")
    write_fragment(place / "fragments", DECISIONS, tables.decisions)
    done("write")
    return took


def baseline(traces: Path, out: Path, bounded: Bounded) -> int:
    """The plain way: decode every line, join calls with results, write rows."""
    rows: list[dict[str, object]] = []
    for path in sorted(traces.glob("*.jsonl")):
        rows += session_rows(path, bounded)
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, out, compression="zstd")
    return len(rows)


def cut(text: str, limit: int) -> str:
    """The first ``limit`` characters."""
    return text[:limit]


def session_rows(path: Path, bounded: Bounded) -> list[dict[str, object]]:
    calls: dict[str, dict[str, object]] = {}
    session = path.stem
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record.get("type") == "session":
                session = record["id"]
            message = record.get("message")
            if not isinstance(message, dict):
                continue
            content = message.get("content")
            blocks = content if isinstance(content, list) else []
            if message.get("role") == "assistant":
                thinking = None
                usage = message.get("usage") or {}
                for block in blocks:
                    if block.get("type") == "thinking":
                        thinking = block.get("thinking")
                    elif block.get("type") == "toolCall":
                        calls[block["id"]] = {
                            "execution_id": session, "step": len(calls), "tool": block["name"],
                            "arguments": bounded(json.dumps(block.get("arguments"), sort_keys=True), 4096),
                            "reasoning": bounded(thinking or "", 4096) or None, "model": message.get("model"),
                            "started_at": record.get("timestamp"), "tokens_in": usage.get("input"),
                            "tokens_out": usage.get("output"), "outcome": "unknown", "output": None,
                        }  # fmt: skip
                        usage = {}
            elif message.get("role") == "toolResult" and message.get("toolCallId") in calls:
                call = calls[message["toolCallId"]]
                details = message.get("details") or {}
                failed = (
                    message.get("isError") or details.get("status") in {"error", "failed"} or details.get("exitCode")
                )
                call["outcome"] = "failed" if failed else "ok"
                call["output"] = bounded("\n".join(b.get("text", "") for b in blocks if isinstance(b, dict)), 2048)
    return list(calls.values())


def report(size: int, seconds: dict[str, list[float]], decisions: dict[str, int]) -> None:
    print(f"{size / 1e6:.0f} MB of sessions; medians of {len(seconds[PLAIN])} rounds; x: speed against either loop")
    middles = {name: statistics.median(times) for name, times in seconds.items()}
    for name, middle in middles.items():
        print(
            f"{name:>26}  {middle:6.2f} s  {size / middle / 1e6:7.1f} MB/s  {decisions[name] / middle:9.0f} decisions/s"
            f"  {middles[PLAIN] / middle:5.2f} x  {middles[REDACTING] / middle:5.2f} x"
        )


if __name__ == "__main__":
    main()
