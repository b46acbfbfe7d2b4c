"""From a line that tells a whole run straight to the run.

Nearly every line does. What ``absorb`` makes of the same line is the same run.
"""

from __future__ import annotations

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_object, as_text
from soma.source import Record

from . import usual
from .about import known_metadata
from .absorb import error_head, message_in
from .messages import request_text
from .order import STAMP, began_in, ids_in, is_segment
from .rows import Line, plain
from .runs import Message, Run
from .sniff import RUN_TYPES
from .usage import dollars

_KEPT = 1024


class Straight:
    """Makes runs of lines; remembers what many lines repeat."""

    def __init__(self) -> None:
        self._metadata: dict[bytes, dict[str, str]] = {}
        self._above: dict[str, tuple[str, ...]] = {}

    def run_of(self, line: Line, record: Record) -> Run | None:
        """The run that a line tells; ``None`` for one with runs inside it or without a type."""
        if line.child_runs or not line.run_type:
            return None
        run_type = line.run_type if line.run_type in RUN_TYPES else "chain"
        run = Run(
            run_id=line.id,
            source_id=record.source.source_id,
            offset=record.offset,
            length=record.length,
            trace_id=line.trace_id or None,
            parent_id=line.parent_run_id or None,
            run_type=run_type,
            name=line.name or None,
            started_at=clock.instant(line.start_time),
            ended_at=clock.instant(line.end_time),
            state=line.status or None,
            example_id=line.reference_example_id or None,
            project=line.session_name or None,
            usage=line.usage(),
        )
        if line.error:
            run.error = error_head(line.error)
        if line.dotted_order:
            self._place(run, line.dotted_order)
        self._describe(run, line)
        if line.feedback_stats:
            run.feedback = line.feedback_stats
        if line.total_cost is not None:
            run.cost = dollars(line.total_cost)
        if run_type in ("tool", "retriever"):
            run.inputs = plain(line.inputs)
            if line.outputs:
                run.outputs = usual.result_of(line.outputs) or plain(line.outputs)
            return run
        if line.inputs:
            run.asked = (run_type == "llm" and usual.asked_in(line.inputs)) or request_text(plain(line.inputs))
        if run_type == "llm" and line.outputs:
            run.message = _message(line.outputs)
        return run

    def _place(self, run: Run, order: str) -> None:
        above, dot, own = order.rpartition(".")
        ancestors = self._above.get(above) if above else None if dot else ()
        if ancestors is None:
            ancestors = ids_in(above)
            if ancestors is None:
                return
            if len(self._above) > _KEPT:
                self._above = {}
            self._above[above] = ancestors
        if is_segment(own):
            run.ancestors, run.began = ancestors, began_in(own)
            run.trace_id = run.trace_id or (ancestors[0] if ancestors else own[STAMP:])

    def _describe(self, run: Run, line: Line) -> None:
        extra = line.extra
        if extra is None:
            if line.metadata:
                run.metadata = known_metadata(plain(line.metadata))
            return
        written = bytes(extra.metadata)
        found = None if line.metadata else self._metadata.get(written)
        if found is None:
            found = known_metadata(plain(line.metadata), plain(extra.metadata))
            if not line.metadata:
                if len(self._metadata) > _KEPT:
                    self._metadata = {}
                self._metadata[written] = found
        run.metadata = found
        run.tool_call_id = as_text(extra.tool_call_id)
        if (called := extra.invocation_params) is not None:
            run.model = as_text(called.model) or as_text(called.model_name)


def _message(written: msgspec.Raw) -> Message | None:
    found = usual.message_of(written)
    if found is not None:
        return found
    outputs = plain(written)
    return None if outputs is None else message_in(as_object(outputs))
