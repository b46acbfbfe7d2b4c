"""The pressure of everything harvested, kept in the vault: each execution replayed by itself, once per engine.

Every execution meets a fresh engine and fresh patterns, so that nothing depends on the order of harvest. Batches are
replayed from a pinned snapshot without holding the vault; each is committed in one step. So a run that is killed has
kept whole batches, and the next one goes on; of two at once, each batch is kept by the one that is first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from soma import codec
from soma.identity import digest
from soma.pressure.constants import ENGINE_VERSION
from soma.pressure.engine import Configuration, Engine
from soma.pressure.patterns import PATTERNS, Pattern, Rulebook, patterns_digest
from soma.schema import FIRING_OUTCOMES, FIRINGS, PRESSURE, VITALS
from soma.vault import VaultRoot
from soma.vault.writer import Changes

from .recording import Begin
from .rows import Missing, Replayed, Rows
from .vault import query, steps_of
from .watch import watch

if TYPE_CHECKING:
    from soma.vault import Snapshot
    from soma.vault.writer import Writer

_BATCH = 50_000


class Kept(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was replayed and kept.

    Attributes:
        version: The vault's version afterwards.
        engine: Digest of engine version, configuration and patterns.
        executions: Executions replayed; those kept already at this engine are not. decisions: Of them.
        firings: Times a pattern fired in them.
        removed: Executions that are not to be seen any more, whose rows were removed.
    """

    version: int
    engine: str
    executions: int
    decisions: int
    firings: int
    removed: int


def engine_digest(configuration: Configuration, patterns: Iterable[Pattern] = PATTERNS) -> str:
    """What decides what a replay answers: engine version, configuration, patterns and how each of them is set."""
    known = tuple(patterns)
    settings = codec.encode(sorted((pattern.name, sorted(vars(pattern).items())) for pattern in known))
    return digest(f"{ENGINE_VERSION} {configuration.digest} {patterns_digest(known)} {settings}")


def keep(
    root: VaultRoot,
    configuration: Configuration,
    *,
    patterns: Sequence[Pattern] = PATTERNS,
    told: Callable[[int, int], None] = lambda _done, _of: None,
    batch: int = _BATCH,
) -> Kept:
    """Replay every execution that is not kept at its present reading by this engine, and keep the answers.

    Args:
        root: The vault.
        configuration: What the engine is set to.
        patterns: The guidance patterns to watch for.
        told: Called after each batch with the decisions replayed so far and to be replayed in all.
        batch: Decisions that are replayed and committed together; a longer execution is one batch.

    Raises:
        VaultMissing: if nothing was harvested yet.
        VaultLocked: if another writer holds the vault.
    """
    snapshot = root.snapshot()
    engine = engine_digest(configuration, patterns)
    versions = {pattern.name: pattern.version for pattern in patterns}
    missing = _missing(snapshot, engine)
    whole = sum(one.decisions for one in missing)
    removed, version = _remove_gone(root, snapshot)
    seen, still = snapshot, set(missing)
    executions = decisions = firings = 0
    for some in _batches(missing, batch):
        replayed = list(_replayed(snapshot, [one for one in some if one in still], configuration, patterns))
        with root.writer() as writer:
            if writer.version != version:
                # Somebody else wrote meanwhile: another night may have kept these, a harvest may have changed them.
                seen = root.snapshot()
                still = set(_missing(seen, engine))
                replayed = [one for one in replayed if one.missing in still]
            rows = Rows(engine, versions)
            for one in replayed:
                rows.add(one)
            version = _commit(writer, seen, [one.missing.execution_id for one in replayed], rows)
        executions += rows.count(VITALS)
        decisions += rows.count(PRESSURE)
        firings += rows.count(FIRINGS)
        told(decisions, whole)
    return Kept(
        version=version, engine=engine, executions=executions, decisions=decisions, firings=firings, removed=removed
    )


def _missing(snapshot: Snapshot, engine: str) -> list[Missing]:
    table = snapshot.sql(query("missing"), [engine])
    return [Missing(*row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def _batches(missing: Iterable[Missing], most: int) -> Iterator[list[Missing]]:
    some: list[Missing] = []
    size = 0
    for one in missing:
        if some and size + one.decisions > most:
            yield some
            some, size = [], 0
        some.append(one)
        # One without decisions has a row too.
        size += one.decisions + 1
    if some:
        yield some


def _replayed(
    snapshot: Snapshot, some: Sequence[Missing], configuration: Configuration, patterns: Sequence[Pattern]
) -> Iterator[Replayed]:
    if not some:
        return
    ids = [one.execution_id for one in some]
    named = snapshot.sql(query("named"), [ids, list(range(len(ids)))]).to_pylist()
    found = steps_of(snapshot, ids, [row["agent_id"] for row in named])
    for one, row, steps in zip(some, named, found, strict=True):
        begin = Begin(row["agent_id"], one.execution_id, row["task_text"])
        watched = watch([begin, *steps], Engine(configuration), Rulebook(patterns))
        yield Replayed(one, row["agent_id"], list(watched))


def _remove_gone(root: VaultRoot, snapshot: Snapshot) -> tuple[int, int]:
    """Take out what is kept of executions that nobody sees any more; how many, and the version afterwards."""
    if not snapshot.sql(query("gone")).num_rows:
        return 0, snapshot.version
    with root.writer() as writer:
        seen = root.snapshot()
        gone = seen.sql(query("gone"))["execution_id"].to_pylist()
        return len(gone), _commit(writer, seen, gone, Rows("", {}))


def _commit(writer: Writer, seen: Snapshot, executions: Sequence[str], rows: Rows) -> int:
    """Let ``rows`` stand for what ``seen`` keeps of ``executions``; rows of live firings stay."""
    old = seen.sql(query("kept"), [executions, executions]).to_pylist()
    kept = {row["execution_id"] for row in old}
    fired = {row["firing_id"] for row in old if row["firing_id"] is not None}
    changes = Changes()
    for table, column, values in (
        (PRESSURE, "execution_id", kept),
        (VITALS, "execution_id", kept),
        (FIRINGS, "firing_id", fired),
        (FIRING_OUTCOMES, "firing_id", fired),
    ):
        changes.add(table, column, values, rows.table(table))
    return writer.commit(changes, role="replay")
