"""How long does ``soma synthesize`` take on a million decisions, and how long when nothing is new?

The vault is made, not harvested: agents of ten teams walk through small process graphs with loops, retries and
detours on tasks they share; outcomes depend on the task and on one costly choice. Its rows go through the vault's own
writer. Beside it, in the same run, the time DuckDB needs to scan the decisions with one window function, and the
answers of a second run in another process with another hash seed and time zone on one processor, compared byte by byte.

    python benchmarks/synthesize.py [--decisions 1000000] [--agents 25] [--tasks 200]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from soma.schema import DECISIONS, EXECUTIONS, PROPOSALS, RESULTS, Table
from soma.synthesizer.synthesize import synthesize
from soma.vault import VaultRoot
from soma.vault.fragment import write_fragment
from soma.vault.writer import Changes

NIGHT = 1_780_000_000_000_000
ACTIONS = [
    *(f"exec:{name}" for name in ("git", "npm", "pytest", "node", "curl", "grep", "ls", "python")),
    *(f"read:{name}" for name in ("src", "docs", "config")), *(f"edit:{name}" for name in ("src", "tests")),
    "write:report", "web:search", "process:poll", "message:send", "plan",
]  # fmt: skip
SCAN = (
    "SELECT count(before) FROM (SELECT lag(action) OVER (PARTITION BY execution_id ORDER BY step) AS before "
    "FROM decisions)"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--decisions", type=int, default=1_000_000)
    arguments.add_argument("--agents", type=int, default=25)
    arguments.add_argument("--tasks", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--answer", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.answer:
        print(answered(VaultRoot(given.answer)))
        return
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        executions = filled(VaultRoot(first), given.decisions, given.agents, given.tasks, given.seed)
        print(f"{executions:,} executions, {given.decisions:,} decisions, {given.agents} agents, {given.tasks} tasks")
        shutil.copytree(first, second)
        scanned = timed(lambda: VaultRoot(first).snapshot().sql(SCAN))
        began = time.perf_counter()
        done = synthesize(VaultRoot(first), now=NIGHT)
        whole = time.perf_counter() - began
        for job in done.jobs:
            print(f"  {job.job:12} {job.seconds:7.2f} s")
        again = timed(lambda: synthesize(VaultRoot(first), now=NIGHT))
        print(f"scan with one window function {scanned:6.2f} s")
        print(f"synthesize, everything new    {whole:6.2f} s ({whole / scanned:.1f} x the scan), {done.found} findings")
        print(f"synthesize, nothing new       {again:6.2f} s")
        command = [sys.executable, __file__, "--answer", str(second)]
        hostile = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "1"}
        other = subprocess.run(command, env=hostile, capture_output=True, text=True, check=True).stdout.strip()
        print("answers of another process, hash seed, time zone:", "equal" if other == digest(first) else "DIFFERENT")


def timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def answered(root: VaultRoot) -> str:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    synthesize(root, now=NIGHT)
    return digest(root.path)


def digest(vault: Path) -> str:
    """Of all kept answers and proposals, in the order of their keys; bases name files, so they are left out."""
    snapshot = VaultRoot(vault).snapshot()
    whole = hashlib.sha256()
    for table, left_out in ((RESULTS, "basis"), (PROPOSALS, "")):
        rows = snapshot.read(table).sort_by([(name, "ascending") for name in table.key]).to_pylist()
        for row in rows:
            row.pop(left_out, None)
            whole.update(repr(sorted(row.items())).encode())
    return whole.hexdigest()


def filled(root: VaultRoot, decisions: int, agents: int, tasks: int, seed: int) -> int:
    """Put made executions into a new vault; returns how many."""
    generator = np.random.default_rng(seed)
    lengths = np.clip(generator.geometric(1 / 24, size=decisions // 12), 3, 200)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), decisions)) + 1]
    lengths[-1] -= int(lengths.sum()) - decisions
    lengths = lengths[lengths > 0]
    many = len(lengths)
    agent = generator.integers(0, agents, many)
    task = (agent % 10) * (tasks // 10) + generator.integers(0, max(1, tasks // 10), many)
    owner = np.repeat(np.arange(many), lengths)
    starts = np.cumsum(lengths) - lengths
    step = np.arange(decisions) - np.repeat(starts, lengths)
    usual = (task[owner] * 7 + step // 2 * 3) % len(ACTIONS)
    detour = generator.random(decisions) < 0.12
    action = np.where(detour, generator.integers(0, len(ACTIONS), decisions), usual)
    costly = generator.random(many) < np.where(agent % 3 == 0, 0.8, 0.2)
    second = (step == 1) & costly[owner]
    action = np.where(second, 3, action)
    broken = generator.random(decisions) < np.where(action == 3, 0.3, 0.04)
    success = generator.random(many) < 0.95 - 0.3 * costly - 0.4 * (task % 5 == 0)
    names = [f"x:{number:07}" for number in range(many)]
    began = NIGHT - 90 * 86_400_000_000 + generator.integers(0, 89 * 86_400_000_000, many)
    took = generator.gamma(2.0, 900.0, decisions)
    ids = pa.array(names).take(pa.array(owner))
    steps = pa.array(step.astype(np.int32))
    label = pa.array([f"agent-{number:02}" for number in range(agents)])
    shared = {"source_id": "src-made", "source_offset": 0, "source_length": 1, "revision": 1, "reading": 1}
    table = {
        **{
            name: pa.array([value]).take(pa.array(np.zeros(decisions, dtype=np.int64)))
            for name, value in shared.items()
        },
        "decision_id": pa.compute.binary_join_element_wise(ids, steps.cast(pa.string()), "#"),
        "execution_id": ids,
        "agent_id": label.take(pa.array(agent[owner])),
        "step": steps,
        "turn": pa.array(np.zeros(decisions, dtype=np.int32)),
        "kind": alike("tool_choice", decisions),
        "action": pa.array(ACTIONS).take(pa.array(action)),
        "tool": pa.array([name.partition(":")[0] for name in ACTIONS]).take(pa.array(action)),
        "role": pa.array(["shell" if name.startswith("exec") else "other" for name in ACTIONS]).take(pa.array(action)),
        "arguments_digest": pa.array((action * 31 + generator.integers(0, 4, decisions)).astype(str)),
        "output_digest": pa.array((action * 17 + generator.integers(0, 9, decisions)).astype(str)),
        "outcome": pa.array(["ok", "failed"]).take(pa.array(broken.astype(np.int64))),
        "error": pa.array([None, "Error: connection reset by peer", "fatal: not found"]).take(
            pa.array(np.where(broken, 1 + action % 2, 0))
        ),
        "started_at": pa.array(began[owner] + step * 2_000_000, pa.timestamp("us", tz="UTC")),
        "duration_ms": pa.array(np.round(took, 3)),
    }
    failed = np.bincount(owner, weights=broken, minlength=many).astype(np.int32)
    spent = np.bincount(owner, weights=took, minlength=many)
    runs = {
        **{name: alike(value, many) for name, value in shared.items()},
        "execution_id": pa.array(names),
        "agent_id": label.take(pa.array(agent)),
        "framework": pa.array(["made"] * many),
        "adapter": pa.array(["generic"] * many),
        "adapter_version": pa.array(np.ones(many, dtype=np.int32)),
        "task_id": pa.array([f"task {number:04}" for number in task]),
        "model": pa.array([f"model-{number % 2}" for number in agent]),
        "status": pa.array(np.where(success, "completed", "failed")),
        "success": pa.array(success),
        "started_at": pa.array(began, pa.timestamp("us", tz="UTC")),
        "ended_at": pa.array(began + (spent * 1000).astype(np.int64), pa.timestamp("us", tz="UTC")),
        "duration_ms": pa.array(np.round(spent, 3)),
        "decisions": pa.array(lengths.astype(np.int32)),
        "ok": pa.array(lengths.astype(np.int32) - failed),
        "failed": pa.array(failed),
        **{name: pa.array(np.zeros(many, dtype=np.int32)) for name in ("timeout", "skipped", "unknown")},
        "cost_usd": pa.array(np.round(generator.gamma(2.0, 0.02, many), 6)),
        "signature": pa.array([f"signature {number}" for number in agent]),
        "labels": pa.array([[]] * many, pa.map_(pa.string(), pa.string())),
        "knows": pa.array([[]] * many, pa.map_(pa.string(), pa.string())),
    }
    root.create(bytes(32))
    with root.writer() as writer:
        changes = Changes(decisions=[write_fragment(root.path, DECISIONS, whole(DECISIONS, table, decisions))])
        changes.add(EXECUTIONS, "execution_id", set(), whole(EXECUTIONS, runs, many))
        writer.commit(changes, role="harvester")
    return many


def alike(value: Any, rows: int) -> pa.Array:
    """A column that holds one value."""
    return pa.array([value]).take(pa.array(np.zeros(rows, dtype=np.int64)))


def whole(table: Table, columns: dict[str, Any], rows: int) -> pa.Table:
    """The columns in the table's order and types, null where none is given."""
    schema = table.arrow()
    return pa.table(
        [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema], names=schema.names
    ).cast(schema)  # fmt: skip


if __name__ == "__main__":
    main()
