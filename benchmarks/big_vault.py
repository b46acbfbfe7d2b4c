"""A big vault, made and not harvested, for benchmarks of everything that is asked of vaults.

Agents of unlike size walk through small process graphs with loops, retries and detours on tasks they share; executions
have 5 to 150 decisions; how they end depends on the task and on one costly choice. Rows go through the vault's own
writer, one commit for each night, so that files lie as nightly harvests leave them. The same seed and sizes give the
same rows.

    python benchmarks/big_vault.py FOLDER [--decisions 1000000] [--night 1000000] [--agents 40] [--tasks 200] [--seed 1]
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soma.action.signature import signature
from soma.schema import DECISIONS, EXECUTIONS, SOURCES, Table
from soma.vault import VaultRoot
from soma.vault.fragment import write_fragment
from soma.vault.writer import Changes

DAY = 86_400_000_000
BEGAN = 20_300 * DAY
_SHORTEST, _LONGEST = 5, 150
_PER_SOURCE = 4
ACTIONS = [
    *(f"exec:{name}" for name in ("git", "npm", "pytest", "node", "curl", "grep", "ls", "python", "docker", "make")),
    *(f"read:{name}" for name in ("src", "docs", "config", "tests")), *(f"edit:{name}" for name in ("src", "tests")),
    "write:report", "write:inbox", "web:search", "web:fetch", "process:poll", "message:send", "plan", "mcp:jira:search",
]  # fmt: skip
ROLES = {"exec": "shell", "read": "read", "edit": "edit", "write": "write", "web": "web", "message": "message",
         "plan": "plan"}  # fmt: skip
_COSTLY = 3
ERRORS = [None, "Error: connection reset by peer", "fatal: not found", "TimeoutError: no answer after 30 s"]


class Sizes:
    """What is asked for."""

    def __init__(self, decisions: int, night: int, agents: int, tasks: int, seed: int) -> None:
        self.decisions, self.night, self.agents, self.tasks, self.seed = decisions, night, agents, tasks, seed


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--decisions", type=int, default=1_000_000)
    arguments.add_argument("--night", type=int, default=1_000_000, help="decisions of one commit")
    arguments.add_argument("--agents", type=int, default=40)
    arguments.add_argument("--tasks", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    began = time.perf_counter()
    sizes = Sizes(given.decisions, given.night, given.agents, given.tasks, given.seed)
    executions = filled(VaultRoot(given.folder), sizes)
    took = time.perf_counter() - began
    sys.stdout.write(f"{executions:,} executions, {given.decisions:,} decisions in {took:.0f} s\n")


def filled(root: VaultRoot, sizes: Sizes) -> int:
    """Put the executions into a new vault; returns how many."""
    root.create(bytes(32))
    made = night = 0
    left = sizes.decisions
    with root.writer() as writer:
        while left > 0:
            many = min(left, sizes.night)
            generator = np.random.default_rng([sizes.seed, night])
            changes, executions = _night(root, generator, many, made, night, sizes)
            writer.commit(changes, role="harvester")
            made, night, left = made + executions, night + 1, left - many
    return made


def _night(
    root: VaultRoot, generator: np.random.Generator, decisions: int, first: int, night: int, sizes: Sizes
) -> tuple[Changes, int]:
    lengths = _lengths(generator, decisions)
    many = len(lengths)
    shares = 1.0 / np.arange(1, sizes.agents + 1) ** 0.7
    agent = generator.choice(sizes.agents, many, p=shares / shares.sum())
    tenth = max(1, sizes.tasks // 10)
    task = (agent % 10) * tenth + (generator.random(many) ** 2 * tenth).astype(np.int64)
    owner = np.repeat(np.arange(many), lengths)
    step = np.arange(decisions) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    action = _actions(generator, task, owner, step)
    costly = generator.random(many) < np.where(agent % 3 == 0, 0.8, 0.2)
    action = np.where((step == 1) & costly[owner], _COSTLY, action)
    broken = generator.random(decisions) < np.where(action == _COSTLY, 0.3, 0.04)
    late = broken & (generator.random(decisions) < 0.1)
    success = generator.random(many) < 0.95 - 0.3 * costly - 0.4 * (task % 5 == 0)
    began = BEGAN + night * DAY + generator.integers(0, DAY, many)
    took = np.round(generator.gamma(2.0, 900.0, decisions), 3)
    tokens = generator.integers(200, 6000, decisions)
    numbers = first + np.arange(many)
    ids = pa.array([f"made:{number:09}" for number in numbers])
    source = pa.array([f"src-{number // _PER_SOURCE:09}" for number in numbers])
    label = pa.array([f"agent-{number:02}" for number in range(sizes.agents)])
    rows = {
        **_alike(
            {"revision": 1, "reading": night + 1, "turn": 0, "kind": "tool_choice", "source_length": 900}, decisions
        ),
        "decision_id": pc.binary_join_element_wise(ids.take(owner), pa.array(step).cast(pa.string()), "#"),
        "execution_id": ids.take(owner),
        "agent_id": label.take(agent[owner]),
        "step": step.astype(np.int32),
        "action": pa.array(ACTIONS).take(action),
        "tool": pa.array([name.partition(":")[0] for name in ACTIONS]).take(action),
        "role": pa.array([ROLES.get(name.partition(":")[0], "other") for name in ACTIONS]).take(action),
        **_texts(generator, action, decisions),
        "outcome": pa.array(["ok", "failed", "timeout"]).take(broken.astype(np.int64) + late),
        "error": pa.array(ERRORS).take(np.where(late, 3, np.where(broken, 1 + action % 2, 0))),
        "started_at": pa.array(began[owner] + step * 2_000_000, pa.timestamp("us", tz="UTC")),
        "duration_ms": took,
        "tokens_in": tokens,
        "tokens_out": tokens // 9,
        "cost_usd": np.round(tokens * 3e-6, 6),
        "model": pa.array(["model-0", "model-1"]).take((agent % 2)[owner]),
        "source_id": source.take(owner),
        "source_offset": np.arange(decisions) * 900,
    }
    changes = Changes(decisions=[write_fragment(root.path, DECISIONS, _whole(DECISIONS, rows, decisions))])
    counts = {
        "decisions": lengths,
        "ok": lengths - np.bincount(owner, weights=broken, minlength=many).astype(np.int64),
        "failed": np.bincount(owner, weights=broken & ~late, minlength=many),
        "timeout": np.bincount(owner, weights=late, minlength=many),
        "skipped": np.zeros(many),
        "unknown": np.zeros(many),
    }
    spent = np.bincount(owner, weights=took, minlength=many)
    children = (generator.random(many) < 0.05) & (np.arange(many) > 0)
    names = np.array(ACTIONS)[action].tolist()
    edges = [0, *np.cumsum(lengths).tolist()]
    told = pa.array([f"task-{number:04}" for number in range(sizes.tasks)])
    runs = {
        **_alike({"revision": 1, "reading": night + 1, "framework": "made", "adapter": "generic", "adapter_version": 1,
                  "source_offset": 0, "source_length": 900}, many),
        "execution_id": ids,
        "agent_id": label.take(agent),
        "parent_execution_id": pc.if_else(pa.array(children), ids.take(np.maximum(np.arange(many) - 1, 0)), None),
        # A quarter of the agents tell what was asked, not which task it is.
        "task_id": pc.if_else(pa.array(agent % 4 != 3), told.take(task), None),
        "task_text": pa.array([f"Please look into case {one % 7} of topic {'abcdefghij'[which % 10] * 3} "
                               f"number {which // 10} and write a report" for one, which in
                               zip(numbers.tolist(), task.tolist(), strict=True)]),
        "model": pa.array(["model-0", "model-1"]).take(agent % 2),
        "status": pa.array(np.where(success, "completed", "failed")),
        "success": pc.if_else(pa.array(generator.random(many) < 0.8), pa.array(success), None),
        "started_at": pa.array(began, pa.timestamp("us", tz="UTC")),
        "ended_at": pa.array(began + (spent * 1000).astype(np.int64), pa.timestamp("us", tz="UTC")),
        "duration_ms": np.round(spent, 3),
        **{name: values.astype(np.int32) for name, values in counts.items()},
        "tokens_in": np.bincount(owner, weights=tokens, minlength=many).astype(np.int64),
        "tokens_out": np.bincount(owner, weights=tokens // 9, minlength=many).astype(np.int64),
        "cost_usd": np.round(np.bincount(owner, weights=tokens * 3e-6, minlength=many), 6),
        "signature": pa.array([signature(names[low:high]) for low, high in itertools.pairwise(edges)]),
        "operator_id": pa.array([f"operator-{number % 5}" for number in agent.tolist()]),
        "labels": pa.array([[("channel", "cli")]], pa.map_(pa.string(), pa.string())).take(np.zeros(many, np.int64)),
        "knows": pa.array([[("success", "known")]], pa.map_(pa.string(), pa.string())).take(np.zeros(many, np.int64)),
        "source_id": source,
    }  # fmt: skip
    changes.add(EXECUTIONS, "execution_id", set(), _whole(EXECUTIONS, runs, many))
    read = sorted(set(source.to_pylist()))
    each = {
        "size": 90_000, "modified_ns": int(BEGAN) * 1000, "stamp": "", "content_hash": "0" * 64, "bytes_read": 90_000,
        "adapter": "generic", "adapter_version": 1, "reader": "made", "status": "read", "executions": _PER_SOURCE,
        "decisions": 100, "quarantined": 0, "redacted": 0,
    }  # fmt: skip
    ledger = {
        **_alike(each, len(read)),
        "source_id": pa.array(read),
        "path": pa.array([f"/made/{name}.jsonl" for name in read]),
        "claims": pa.array([[]] * len(read), pa.list_(pa.string())),
        "redactions": pa.array([[]] * len(read), pa.map_(pa.string(), pa.string())),
    }  # fmt: skip
    changes.add(SOURCES, "source_id", set(), _whole(SOURCES, ledger, len(read)))
    return changes, many


def _lengths(generator: np.random.Generator, decisions: int) -> np.ndarray[Any, Any]:
    """Lengths of executions that make ``decisions`` together, most of them short."""
    drawn = np.clip(generator.lognormal(2.9, 0.7, decisions // 8 + 2), _SHORTEST, _LONGEST).astype(np.int64)
    lengths = drawn[: int(np.searchsorted(np.cumsum(drawn), decisions)) + 1]
    lengths[-1] -= int(lengths.sum()) - decisions
    return lengths[lengths > 0]


def _actions(
    generator: np.random.Generator, task: np.ndarray[Any, Any], owner: np.ndarray[Any, Any], step: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """The usual way of each task, left now and then for an action drawn from a skewed distribution."""
    usual = (task[owner] * 7 + step // 2 * 3) % len(ACTIONS)
    rank = 1.0 / np.arange(1, len(ACTIONS) + 1)
    detour = generator.choice(len(ACTIONS), len(owner), p=rank / rank.sum())
    # Some executions keep to the usual way, so that paths repeat as those of scripted agents do.
    strays = generator.random(len(task)) < 0.6
    return np.where(strays[owner] & (generator.random(len(owner)) < 0.12), detour, usual)


def _texts(generator: np.random.Generator, action: np.ndarray[Any, Any], decisions: int) -> dict[str, Any]:
    """Arguments, outputs and reasons from small pools, so that a call is made again and an answer comes again."""
    call = action * 40 + (generator.random(decisions) ** 2 * 40).astype(np.int64)
    answer = call * 6 + generator.integers(0, 6, decisions)
    calls = [
        f'{{"command":"{ACTIONS[number // 40]} --case {number % 40} --verbose /srv/work/{number:05}"}}'
        for number in range(len(ACTIONS) * 40)
    ]
    answers = [
        f"result {number} of the call: " + f"line {number * 31 % 977} says {number * 17 % 1009}; " * 8
        for number in range(len(calls) * 6)
    ]
    reasons = [None, *(f"I look at {name} next because the last step left it open" for name in ACTIONS)]
    thinks = np.where(generator.random(decisions) < 0.3, action + 1, 0)
    return {
        "arguments": pa.array(calls).take(call),
        "arguments_digest": pa.array([f"{number:016x}" for number in range(len(calls))]).take(call),
        "output": pa.array(answers).take(answer),
        "output_digest": pa.array([f"{number:016x}" for number in range(len(answers))]).take(answer),
        "reasoning": pa.array(reasons).take(thinks),
    }


def _alike(values: dict[str, Any], rows: int) -> dict[str, pa.Array]:
    """Columns that hold one value each."""
    return {name: pa.array([value]).take(np.zeros(rows, dtype=np.int64)) for name, value in values.items()}


def _whole(table: Table, columns: dict[str, Any], rows: int) -> pa.Table:
    """The columns in the table's order and types, null where none is given."""
    schema = table.arrow()
    given = [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema]
    return pa.table([pa.array(column) if isinstance(column, np.ndarray) else column for column in given],
                    names=schema.names).cast(schema)  # fmt: skip


if __name__ == "__main__":
    main()
