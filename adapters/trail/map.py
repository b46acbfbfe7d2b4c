"""Traces to executions. Pure: spans are translated, the rules are those of ``soma.adapters.otel``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma.adapters.blocks.document import as_object
from soma.adapters.contract import Yield
from soma.adapters.otel.map import executions as otel_executions
from soma.source import Damage, Record

from .nested import flat_spans
from .sniff import is_nested_trace
from .steps import with_steps


def executions(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution per trace, whatever number of records holds it."""
    yield from otel_executions(map(_translated, records))


def _translated(record: Record | Damage) -> Record | Damage:
    if isinstance(record, Damage):
        return record
    if not is_nested_trace(record.value):
        return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                      reason="no nested spans where a trace was expected")  # fmt: skip
    spans = with_steps(list(flat_spans(as_object(record.value))))
    return Record(record.source, record.offset, record.length, {"spans": spans})
