"""Outcome labels from outside: a CSV that says which runs achieved their task."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from soma.errors import SourceError
from soma.schema import OUTCOMES
from soma.vault import Changes, VaultRoot

from .rows import Rows

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0", "pass", "passed", "success", "succeeded", "ok", "resolved"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", "fail", "failed", "failure", "error", "unresolved"})
_KEYS = ("execution_id", "session_id", "id")


class Labels(msgspec.Struct, frozen=True):
    """Labels by execution or session id, each (success, score), and the file they came from."""

    origin: str
    by_key: dict[str, tuple[bool | None, float | None]]


class LabelsImported(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What an import did: how many labels there were and how many name a run of the vault."""

    schema: str = "soma.outcomes"
    schema_version: int = 1
    labels: int
    matched: int
    vault_version: int


def read_labels(path: str) -> Labels:
    """The labels of a CSV file with a header line: ``execution_id`` or ``session_id``, ``success`` and/or ``score``.

    Raises:
        SourceError: if the file cannot be read, lacks a column, or holds a value that means neither yes nor no.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as stream:
            return Labels(Path(path).name, dict(_label(row, number, path) for number, row in _numbered(stream, path)))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise SourceError(f"the labels cannot be read: {problem}", where=path) from problem


def _numbered(stream: object, path: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(stream)  # type: ignore[arg-type]
    names = set(reader.fieldnames or ())
    if not names & set(_KEYS) or not names & {"success", "score"}:
        raise SourceError("the labels lack a column", where=f"{path}, line 1",
                          hint="the header must name execution_id or session_id, and success or score")  # fmt: skip
    return list(enumerate(reader, start=2))


def _label(row: dict[str, str], number: int, path: str) -> tuple[str, tuple[bool | None, float | None]]:
    key = next((row[name].strip() for name in _KEYS if (row.get(name) or "").strip()), "")
    if not key:
        raise SourceError("a label names no run", where=f"{path}, line {number}", hint="fill in the id or delete the line")
    word = (row.get("success") or "").strip().lower()
    if word and word not in _TRUE | _FALSE:
        raise SourceError(f"success is neither yes nor no: {word!r}", where=f"{path}, line {number}",
                          hint="write true or false, and leave it empty where it is not known")  # fmt: skip
    text = (row.get("score") or "").strip()
    try:
        score = float(text) if text else None
    except ValueError:
        raise SourceError(f"score is no number: {text!r}", where=f"{path}, line {number}", hint="write it like 0.75") from None
    return key, ((word in _TRUE) if word else None, score)


def import_labels(vault: VaultRoot, labels: Labels) -> LabelsImported:
    """Put labels into the vault; a label for a run replaces the earlier one, and wins over what the trace says.

    Raises:
        VaultMissing, VaultError: if the vault cannot be written to.
    """
    rows = Rows(OUTCOMES)
    for key in sorted(labels.by_key):
        success, score = labels.by_key[key]
        rows.add({"key": key, "success": success, "score": score, "origin": labels.origin})
    with vault.writer() as writer:
        known = {
            (row["key"], row["success"], row["score"], row["origin"]) for row in vault.snapshot().read(OUTCOMES).to_pylist()
        }
        if {(k, *v, labels.origin) for k, v in labels.by_key.items()} - known:
            changes = Changes()
            changes.add(OUTCOMES, "key", set(labels.by_key), rows.arrow())
            writer.commit(changes)
        version = writer.version
    matched = vault.snapshot().sql(
        "SELECT count(DISTINCT o.key) AS n FROM outcomes AS o JOIN executions AS e "
        "ON o.key = e.execution_id OR o.key = e.session_id"
    )  # fmt: skip
    return LabelsImported(labels=len(labels.by_key), matched=int(matched["n"][0].as_py()), vault_version=version)
