"""The mapping file: which records are runs, decisions and results, and where in them each fact stands.

A path is a dotted name (``call.args``, ``steps.0.tool``); a condition is a path with the value, or values, it must have
(``true`` means: is there). ``docs/mapping.md`` shows a whole file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

import msgspec

from soma import identity
from soma.errors import ConfigError
from soma.model import OUTCOMES, Outcome, Status

Condition = dict[str, Any]
_PLAIN_NAME = r"^[a-z][a-z0-9-]{0,39}$"
_VERSION_BITS = 0x7FFFFFFF


class ExecutionFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run's facts stand. Records with the same ``id`` are one run; without ``id`` the file is one."""

    id: str | None = None
    agent: str | None = None
    session: str | None = None
    task: str | None = None
    task_text: str | None = None
    model: str | None = None
    status: str | None = None
    success: str | None = None
    score: str | None = None
    error: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    tokens_in: str | None = None
    tokens_out: str | None = None
    cost_usd: str | None = None
    labels: dict[str, str] = {}


class DecisionFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which records (or items of the list at ``each`` inside them) are decisions, and where their facts stand."""

    tool: str
    when: Condition = {}
    each: str | None = None
    id: str | None = None
    action: str | None = None
    arguments: str | None = None
    reasoning: str | None = None
    output: str | None = None
    error: str | None = None
    outcome: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    duration_ms: str | None = None
    duration_s: str | None = None
    tokens_in: str | None = None
    tokens_out: str | None = None
    cost_usd: str | None = None
    model: str | None = None
    confidence: str | None = None
    turn: str | None = None


class ResultFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Results that are records of their own, joined to the decision with the same ``id``."""

    id: str
    when: Condition = {}
    output: str | None = None
    error: str | None = None
    outcome: str | None = None
    ended_at: str | None = None
    duration_ms: str | None = None
    duration_s: str | None = None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A format described by a person.

    Attributes:
        name: What the format is called, as ``soma harvest`` lists it.
        match: A file is of this format when one of its first records meets all of these.
        records: In a document: path to the list of records; empty means that the document, or each item of it, is one.
        outcomes, statuses: The format's words (as text, in lower case) to soma's.
        version: Digest of the file; not written by hand.
    """

    name: str
    decision: DecisionFields
    execution: ExecutionFields = ExecutionFields()
    match: Condition = {}
    records: str = ""
    result: ResultFields | None = None
    outcomes: dict[str, Outcome] = {}
    statuses: dict[str, Status] = {}
    version: int = 0


def load(path: str) -> Mapping:
    """The mapping of a TOML file.

    Raises:
        ConfigError: if the file cannot be read, names an unknown field or lacks what is needed.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigError(f"the mapping cannot be read: {problem}", where=path) from problem
    table["version"] = int(identity.digest(text, size=4), 16) & _VERSION_BITS
    try:
        mapping = msgspec.convert(table, Mapping)
    except msgspec.ValidationError as problem:
        raise ConfigError(f"the mapping cannot be used: {problem}", where=path, hint=_HINT) from problem
    _check(mapping, path)
    return mapping


_HINT = "docs/mapping.md shows a whole mapping; every value is a path such as call.name"


def _check(mapping: Mapping, path: str) -> None:
    if not re.match(_PLAIN_NAME, mapping.name):
        raise ConfigError(f"a format's name is lower case letters, digits and dashes, not {mapping.name!r}", where=path)
    if not mapping.match:
        raise ConfigError("the mapping does not say which files it is for", where=path,
                          hint='add [match] with at least one line, such as "event.kind" = "step"')  # fmt: skip
    unknown = sorted(set(mapping.outcomes.values()) - set(OUTCOMES))
    if unknown:
        raise ConfigError(f"no outcome is called {unknown[0]!r}", where=path, hint="outcomes: " + ", ".join(OUTCOMES))


def find(value: Any, path: str | None) -> Any:
    """What stands at a dotted path, or ``None``."""
    if not path:
        return None
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def holds(value: Any, condition: Table[str, Any]) -> bool:
    """Whether all paths of the condition have the value, or one of the values, asked for."""
    for path, wanted in condition.items():
        found = find(value, path)
        if wanted is True:
            if found is None or found is False:
                return False
        elif found not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True
