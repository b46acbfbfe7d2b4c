"""The state of a Delta table from its log, read without a Delta library where the log is as soma itself writes it.

Opening a table with the library takes milliseconds, and every question opens all tables. What is read here is the part
of the protocol that soma uses (https://github.com/delta-io/delta/blob/master/PROTOCOL.md): commits without checkpoints,
adds and removes of whole files, application transactions. Whatever else stands in a log, damage included, is left to
the library, which then has the last word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import msgspec

_COMMIT = re.compile(r"\d{20}\.json")
_PLAIN_READER = 1


class Log(msgspec.Struct, frozen=True):
    """A table at its newest version.

    Attributes:
        version: Delta's version number.
        rows, sizes: Name of each live file to the rows it holds and its bytes.
        transactions: Application to the number of its last transaction.
        told: What soma wrote into the last commit, as JSON.
    """

    version: int
    rows: Mapping[str, int]
    sizes: Mapping[str, int]
    transactions: Mapping[str, int]
    told: str


class _Add(msgspec.Struct):
    path: str
    size: int
    stats: str | None = None
    deletionVector: None = None  # noqa: N815 - the protocol's name


class _Remove(msgspec.Struct):
    path: str


class _Transaction(msgspec.Struct, rename={"application": "appId"}):
    application: str
    version: int


class _Info(msgspec.Struct):
    soma: str = "{}"


class _Protocol(msgspec.Struct, rename={"reader": "minReaderVersion"}):
    reader: int


class _Action(msgspec.Struct, forbid_unknown_fields=True, rename={"info": "commitInfo", "metadata": "metaData"}):
    add: _Add | None = None
    remove: _Remove | None = None
    txn: _Transaction | None = None
    info: _Info | None = None
    protocol: _Protocol | None = None
    metadata: msgspec.Raw = msgspec.Raw()


class _Stats(msgspec.Struct, rename={"records": "numRecords"}):
    records: int = 0


_ACTIONS = msgspec.json.Decoder(_Action)
_STATS = msgspec.json.Decoder(_Stats)


def read_log(table: Path) -> Log | None:
    """The table in this folder as its log tells it; ``None`` where there is more in the log than is read here."""
    folder = table / "_delta_log"
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("_commit"))
        if not names or not all(map(_COMMIT.fullmatch, names)):
            return None
        if [int(name[:20]) for name in names] != list(range(len(names))):
            return None
        commits = [_ACTIONS.decode_lines((folder / name).read_bytes()) for name in names]
        if not any(action.protocol for action in commits[0]) or not any(map(_has_metadata, commits[0])):
            return None
        return _state(commits)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _has_metadata(action: _Action) -> bool:
    return bool(memoryview(action.metadata))


def _state(commits: list[list[_Action]]) -> Log | None:
    rows: dict[str, int] = {}
    sizes: dict[str, int] = {}
    transactions: dict[str, int] = {}
    told = None
    for commit in commits:
        told = None
        gone = [unquote(action.remove.path) for action in commit if action.remove]
        for name in gone:
            rows.pop(name, None)
            sizes.pop(name, None)
        for action in commit:
            if action.add:
                name = unquote(action.add.path)
                rows[name] = _STATS.decode(action.add.stats or "{}").records
                sizes[name] = action.add.size
            elif action.txn:
                transactions[action.txn.application] = action.txn.version
            elif action.info:
                told = action.info.soma
            elif action.protocol and action.protocol.reader != _PLAIN_READER:
                return None
        if told is None:
            return None
    return Log(len(commits) - 1, rows, sizes, transactions, told or "{}")
