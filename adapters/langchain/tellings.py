"""What a record tells of runs: rows, nested objects and ingest operations, each as the fields it gives a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_object, as_text

from .rows import Line, Row, row_of

ROW, POST, PATCH = "row", "post", "patch"
_BATCHES = (("runs", ROW), ("post", POST), ("patch", PATCH))
_RUN_MARKS = ("run_type", "dotted_order", "trace_id", "parent_run_id")


class Telling(msgspec.Struct, frozen=True, gc=False):
    """Some fields of one run, as one operation gives them; ``parent_id`` when it was found inside another run."""

    run_id: str
    operation: str
    row: Row
    parent_id: str | None = None


def tellings_of(value: Any) -> Iterator[Telling | None]:
    """Every run that a record tells of, child runs included; ``None`` for each thing in it that is no run."""
    if isinstance(value, Line):
        yield Telling(value.id, ROW, value.row())
        waiting = _children(value.child_runs, ROW, value.id)
    else:
        waiting = [(value, ROW, None)]
    while waiting:
        item, operation, parent = waiting.pop()
        if isinstance(item, list):
            waiting.extend((inner, operation, parent) for inner in reversed(item))
            continue
        fields = as_object(item)
        run_id = as_text(fields.get("id"))
        if run_id is not None and not fields.keys().isdisjoint(_RUN_MARKS):
            waiting.extend(_children(fields.get("child_runs"), operation, run_id))
            yield Telling(run_id, operation, row_of(fields), parent)
        elif isinstance(part := fields.get("part"), str):
            # Feedback and attachments travel in the same request; they are no runs, and no damage.
            if not part.startswith(("feedback.", "attachment.")):
                yield _part(part, fields.get("value"))
        else:
            inner = [(entry, meaning, None) for key, meaning in _BATCHES for entry in as_list(fields.get(key))]
            if not inner and not any(isinstance(fields.get(key), list) for key, _ in _BATCHES):
                inner = [(entry, ROW, None) for entry in fields.values() if "run_type" in as_object(entry)]
                if not inner:
                    yield None
            waiting.extend(reversed(inner))


def _children(children: Any, operation: str, parent: str) -> list[tuple[Any, str, str | None]]:
    nested = list(children.values()) if isinstance(children, dict) else as_list(children)
    # Text among child runs is an id: those runs are told elsewhere.
    return [(child, operation, parent) for child in reversed(nested) if not isinstance(child, str)]


def _part(name: str, value: Any) -> Telling | None:
    operation, _, rest = name.partition(".")
    run_id, _, field = rest.partition(".")
    if operation not in (POST, PATCH) or not run_id:
        return None
    return Telling(run_id, operation, row_of({field: value} if field else as_object(value)))
