"""Outcome labels from outside: a CSV that says which runs achieved their task."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from soma.errors import SourceError
from soma.schema import OUTCOMES
from soma.vault import Changes, VaultRoot

from .redact import Redactor
from .rows import Rows

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0", "pass", "passed", "success", "succeeded", "ok", "resolved"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", "fail", "failed", "failure", "error", "unresolved"})
_KEYS = ("execution_id", "session_id", "id")


class Label(msgspec.Struct, frozen=True):
    """What is said of one run; ``None`` is not known and changes nothing."""

    success: bool | None
    score: float | None


class Labels(msgspec.Struct, frozen=True):
    """Labels by execution or session id, and the file they came from."""

    origin: str
    by_key: dict[str, Label]


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
        SourceError: if the file cannot be read, lacks a column, holds a value that means neither yes nor no, or
            contradicts itself. It names the line.
    """
    by_key: dict[str, Label] = {}
    line = 0

    def where() -> str:
        return f"{path}, line {line}" if line else path

    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as stream:
            for line, row in _rows(stream):
                if line == 1:
                    _check_header(set(row), where)
                    continue
                key, label = _label(row, where)
                if by_key.setdefault(key, label) != label:
                    raise SourceError(
                        f"two labels for {key!r} contradict each other", where=where(), hint="delete one of the lines"
                    )
    except UnicodeDecodeError as problem:
        raise SourceError("the labels are no UTF-8 text", where=path, hint="save the file as CSV in UTF-8") from problem
    except csv.Error as problem:
        raise SourceError(f"the labels cannot be read: {problem}", where=f"{path}, line {line + 1}") from problem
    except OSError as problem:
        raise SourceError(f"the labels cannot be read: {problem.strerror}", where=path) from problem
    if not line:
        _check_header(set(), lambda: f"{path}, line 1")
    return Labels(Path(path).name, by_key)


def _rows(stream: Iterator[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column name; the header comes first, as line 1."""
    reader = csv.reader(stream)
    header: list[str] | None = None
    before = 0
    for cells in reader:
        start, before = before + 1, reader.line_num
        if header is None:
            header = [name.strip().lower() for name in cells]
            yield 1, dict.fromkeys(header, "")
        elif any(cell.strip() for cell in cells):
            yield start, dict(zip(header, cells, strict=False))


def _check_header(names: set[str], where: Callable[[], str]) -> None:
    if not names & set(_KEYS) or not names & {"success", "score"}:
        raise SourceError(
            "the labels lack a column",
            where=where(),
            hint="the header must name execution_id or session_id, and success or score",
        )


def _label(row: dict[str, str], where: Callable[[], str]) -> tuple[str, Label]:
    key = next((text for name in _KEYS if (text := row.get(name, "").strip())), "")
    if not key:
        raise SourceError("a label names no run", where=where(), hint="fill in the id or delete the line")
    word = row.get("success", "").strip().lower()
    if word and word not in _TRUE | _FALSE:
        raise SourceError(
            f"success is neither yes nor no: {word!r}",
            where=where(),
            hint="write true or false, and leave it empty where it is not known",
        )
    text = row.get("score", "").strip()
    try:
        score = float(text) if text else None
    except ValueError:
        score = math.nan
    if score is not None and not math.isfinite(score):
        raise SourceError(f"score is no number: {text!r}", where=where(), hint="write it like 0.75")
    return key, Label((word in _TRUE) if word else None, score)


def import_labels(vault: VaultRoot, labels: Labels) -> LabelsImported:
    """Put labels into the vault; a label for a run replaces the earlier one, and wins over what the trace says.

    Raises:
        VaultMissing, VaultError: if the vault cannot be written to.
    """
    with vault.writer() as writer:
        redact = Redactor(vault.key()).text
        told = {redact(key): (label.success, label.score, labels.origin) for key, label in labels.by_key.items()}
        before = vault.snapshot().read(OUTCOMES).to_pylist()
        known = {row["key"]: (row["success"], row["score"], row["origin"]) for row in before}
        rows = Rows(OUTCOMES)
        for key in sorted(told):
            if known.get(key) != told[key]:
                success, score, origin = told[key]
                rows.add({"key": key, "success": success, "score": score, "origin": origin})
        changes = Changes()
        changes.add(OUTCOMES, "key", set(rows.columns["key"]) & known.keys(), rows.arrow())
        writer.commit(changes, role="harvester")
        version = writer.version
    matched = vault.snapshot().sql(
        "SELECT count(*) AS n FROM (SELECT unnest(?) AS key) "
        "WHERE key IN (SELECT execution_id FROM executions) OR key IN (SELECT session_id FROM executions)",
        [sorted(told)],
    )
    return LabelsImported(labels=len(told), matched=int(matched["n"][0].as_py()), vault_version=version)
