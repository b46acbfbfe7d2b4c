"""What is broken on the disk: files of rows, files of logs, and logs that end too early."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from soma import codec
from soma.errors import VaultError
from soma.schema import DECISIONS, EXECUTIONS, TABLES, Table

from .delta import LiveTable, read_file
from .promise import last_promise
from .snapshot import Snapshot
from .storage import Storage

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\b.*\.parquet")


class Finding(msgspec.Struct, frozen=True):
    """Something that does not hold: where, and what."""

    where: str
    problem: str


class FileSeen(msgspec.Struct, frozen=True):
    """A live file as it was found.

    Attributes:
        name: Its name inside the table's folder.
        expected: How many rows the log says it holds.
        rows: How many could be read.
        problem: What is wrong with it; ``None`` when nothing is.
    """

    name: str
    expected: int
    rows: int
    problem: str | None


def files_seen(live: LiveTable) -> Iterator[FileSeen]:
    """Read every live file of a table, checksums included."""
    sizes = live.sizes()
    for name, expected in sorted(live.files().items()):
        rows, problem = _rows(live, name)
        if problem is None and rows != expected:
            problem = f"holds {rows:,} rows where the log says {expected:,}"
        if problem is None and (size := live.local(name).stat().st_size) != sizes[name]:
            problem = f"has {size:,} bytes where the log says {sizes[name]:,}"
        yield FileSeen(name, expected, rows, problem)


def _rows(live: LiveTable, name: str) -> tuple[int, str | None]:
    try:
        rows = read_file(str(live.local(name, anew=True)), verify=True)
    except VaultError as problem:
        return 0, problem.message
    columns = live.table.columns
    missing = [column.name for column in columns if column.name not in rows.column_names]
    if missing:
        return rows.num_rows, f"lacks the columns {', '.join(missing)}"
    for column in columns:
        if not column.nullable and rows[column.name].null_count:
            return rows.num_rows, f"{column.name} is null in {rows[column.name].null_count:,} rows"
    return rows.num_rows, None


def damaged_logs(storage: Storage) -> dict[str, list[Finding]]:
    """Names of the tables whose log cannot be trusted, and what is wrong with it.

    Delta reads an empty commit file as a commit that changed nothing, so every file is looked at here.
    """
    there = storage.logs(table.path for table in TABLES)
    tables = [table for table in TABLES if table.path in there]
    found = storage.each(lambda table: list(_log(storage, table)), tables)
    return {table.name: findings for table, findings in zip(tables, found, strict=True) if findings}


def _log(storage: Storage, table: Table) -> Iterator[Finding]:
    folder = f"{table.path}/_delta_log"
    names = storage.names(folder)
    folded = max((int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name))), default=-1)
    commits = {int(match[1]): name for name in names if (match := _COMMIT.fullmatch(name))}
    needed = range(folded + 1, max(commits, default=folded) + 1)
    sound = True
    for number in needed:
        problem = _commit_problem(storage, f"{folder}/{commits[number]}") if number in commits else "is missing"
        if problem:
            sound = False
            yield Finding(f"{table.path}/_delta_log/{number:020}.json", problem)
    if sound and (commits or folded >= 0):
        problem = _opening_problem(storage, table)
        if problem:
            yield Finding(f"{table.path}/_delta_log", problem)


def _commit_problem(storage: Storage, name: str) -> str | None:
    try:
        lines = storage.read(name).splitlines()
        actions = [codec.decode(line) for line in lines]
    except OSError as problem:
        return f"cannot be read: {problem.strerror}"
    except codec.Undecodable:
        return "is damaged: it is no list of changes"
    if not actions:
        return "is damaged: it is empty"
    if not all(isinstance(action, dict) for action in actions):
        return "is damaged: it is no list of changes"
    return None


def _opening_problem(storage: Storage, table: Table) -> str | None:
    from deltalake.exceptions import DeltaError

    try:
        live = LiveTable(storage, table)
        live.files()
        live.sizes()
        live.metadata()
        if table is EXECUTIONS:
            last_promise(live)
    except VaultError as problem:
        return problem.message
    except (DeltaError, OSError, ValueError, LookupError) as problem:
        return f"the log cannot be read: {type(problem).__name__}"
    return None


def logs_cut_short(snapshot: Snapshot) -> Iterator[Finding]:
    """Logs that lack commits at their end.

    Nothing in such a log is wrong by itself; only the other tables tell that there was more.
    """
    executions = snapshot.live(EXECUTIONS)
    number = executions.transaction()
    for table in TABLES:
        # Decisions are committed first: a writer that was killed then leaves them one ahead.
        at_most = number + 1 if table is DECISIONS else number
        reached = snapshot.live(table).transaction()
        if reached > at_most:
            problem = f"ends with commit {number}, but {table.path} has commit {reached}"
            yield Finding(f"{EXECUTIONS.path}/_delta_log", problem)
    promised: dict[str, int] = {}
    for metadata in executions.past_metadata():
        version, follow = metadata.get("version"), metadata.get("follow")
        # What the last commit promised may still be open: the next writer keeps it.
        if isinstance(version, int) and version < number and isinstance(follow, dict):
            for name in follow:
                promised[name] = max(version, promised.get(name, 0))
    for table in TABLES:
        reached = snapshot.live(table).transaction()
        if reached < promised.get(table.name, 0):
            problem = f"ends with commit {reached}, but it had commit {promised[table.name]}"
            yield Finding(f"{table.path}/_delta_log", problem)
