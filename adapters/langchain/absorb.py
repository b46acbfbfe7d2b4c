"""From what is told of a run to the run: what is kept of it, and what is left behind.

Message histories, which fill most of an export, are left behind as soon as the type of the run is known.
"""

from __future__ import annotations

from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_object, as_text

from .about import known_metadata
from .messages import answers, calls_of, request_text, said
from .order import STAMP, began_in, ids_in, is_segment
from .rows import Extra, Row
from .runs import Message, Run, is_missing
from .sniff import RUN_TYPES
from .tellings import Telling
from .usage import combined, dollars, usage_of

_TRACEBACK = "Traceback (most recent call last):"
_NO_EXTRA = Extra()
# LangGraph appends a line of its own after the exception.
_NOT_THE_ERROR = "During task with name"


def absorb(run: Run, telling: Telling) -> None:
    """Takes over what is told; a value that is missing or of a wrong type leaves what was known."""
    row = telling.row
    _absorb_place(run, row)
    run.parent_id = run.parent_id or telling.parent_id
    if row.run_type:
        run.run_type = row.run_type if row.run_type in RUN_TYPES else "chain"
    run.name = row.name or run.name
    run.started_at = clock.instant(row.start_time) or run.started_at
    run.ended_at = clock.instant(row.end_time) or run.ended_at
    if row.error:
        run.error = error_head(row.error) or run.error
    run.state = row.status or run.state
    extra = row.extra or _NO_EXTRA
    if told := known_metadata(row.metadata, extra.metadata):
        run.metadata = run.metadata | told
    run.tool_call_id = as_text(extra.tool_call_id) or run.tool_call_id
    if (called := extra.invocation_params) is not None:
        run.model = as_text(called.model) or as_text(called.model_name) or run.model
    run.example_id = row.reference_example_id or run.example_id
    run.project = row.session_name or run.project
    run.feedback = row.feedback_stats or run.feedback
    run.usage = row.usage() or run.usage
    if row.total_cost is not None:
        run.cost = _first(dollars(row.total_cost), run.cost)
    if row.inputs is not None and (not is_missing(row.inputs) or run.inputs is None):
        run.inputs = row.inputs
    if row.outputs is not None and (not is_missing(row.outputs) or run.outputs is None):
        run.outputs = row.outputs
    settle(run)


def _absorb_place(run: Run, row: Row) -> None:
    run.trace_id = row.trace_id or run.trace_id
    run.parent_id = row.parent_run_id or run.parent_id
    above, dot, own = (row.dotted_order or "").rpartition(".")
    ancestors = ids_in(above) if dot else ()
    if ancestors is not None and is_segment(own):
        run.ancestors, run.began = ancestors, began_in(own)
        run.trace_id = run.trace_id or (ancestors[0] if ancestors else own[STAMP:])


def _first(value: float | None, other: float | None) -> float | None:
    return other if value is None else value


def settle(run: Run) -> None:
    """Reduces inputs and outputs to what the type of the run needs."""
    if run.run_type in (None, "tool", "retriever"):
        return
    if run.inputs is not None:
        run.asked, run.inputs = request_text(run.inputs) or run.asked, None
    if run.outputs is not None:
        if run.run_type == "llm":
            run.message = message_in(as_object(run.outputs))
        run.outputs = None


def message_in(outputs: dict[str, Any]) -> Message:
    """What a model answered, from the outputs of its run in any of their shapes."""
    bodies = answers(outputs)
    texts = [text for body in bodies if (text := said(body)) is not None]
    calls = tuple(call for body in bodies for call in calls_of(body))
    # The response's own totals, where messages carry none, stand once in ``outputs``, not once for every message.
    each = [usage for body in bodies if (usage := usage_of(body, {})) is not None]
    usage = combined(each) or usage_of({}, outputs)
    response = next((as_object(body.get("response_metadata")) for body in bodies), {})
    told = as_object(outputs.get("llm_output"))
    model = (as_text(response.get("model_name")) or as_text(response.get("model"))
             or as_text(told.get("model_name")) or as_text(outputs.get("model")))  # fmt: skip
    return Message("\n".join(texts) or None, calls, usage, model)


def error_head(error: Any) -> str | None:
    """The exception of a stored error: ``repr(exception)`` before the traceback, else the traceback's last line."""
    text = as_text(error)
    if text is None:
        return None
    head = text.partition(_TRACEBACK)[0].partition("\n    at ")[0].strip()
    if head:
        return head
    lines = (line.strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if line and not line.startswith(_NOT_THE_ERROR)), None)
