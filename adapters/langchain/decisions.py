"""One tool run as a decision: what it was called with, what came of it, why it was asked for."""

from __future__ import annotations

import ast
import re
from typing import Any

import msgspec

from soma import clock, codec
from soma.adapters.blocks.document import as_object
from soma.model import DecisionDraft, Outcome
from soma.text import clip

from .about import NODE_KEY
from .requests import Requests
from .results import Result, result_of
from .runs import Run
from .tree import Place

_LITERAL_BYTES = 64 * 1024
_LITERAL_DEPTH = 40
_TIMEOUT = re.compile(r"time[sd]?[ _-]?out", re.IGNORECASE)
_LOOKED_AT = 500
# Exceptions by which LangGraph steers a graph: a pause for a human, a hand-over to the graph above.
_PAUSED = ("GraphInterrupt(", "NodeInterrupt(", "GraphBubbleUp(")
_HANDED_OVER = ("ParentCommand(",)
_STOPPED = ("CancelledError(", "KeyboardInterrupt(")


def decision_of(place: Place, requests: Requests, execution_id: str, delegation: str | None) -> DecisionDraft:
    """The decision that a tool (or retriever) run is.

    Args:
        place: Of the run in its trace.
        requests: The model messages of the execution up to this run.
        execution_id: Of the execution it belongs to.
        delegation: Id of the decision that started the execution, for a sub-agent.
    """
    run = place.run
    result = result_of(run.outputs, run.tool_call_id)
    outcome = outcome_of(run, result)
    asked = requests.match(run.tool_call_id or result.call_id, run.name)
    reasoning = asked.message.text if asked is not None else None
    if reasoning is None:
        chain = place.parent.name if place.parent is not None else run.metadata.get(NODE_KEY)
        reasoning = f"chain: {chain}" if chain else None
    draft = DecisionDraft(
        tool=run.name or run.run_type or "",
        arguments=arguments_of(run.inputs),
        outcome=outcome,
        reasoning=reasoning,
        output=None if result.text is None else clip(result.text),
        error=_error_of(run, result, outcome),
        started_at=run.started_at,
        duration_ms=clock.elapsed_ms(run.started_at, run.ended_at),
        model=asked.model if asked is not None else None,
        native_id=run.run_id,
        parent_decision_id=delegation if place.caller is None else f"{execution_id}#{place.caller.run_id}",
        source_id=run.source_id,
        offset=run.offset,
        length=run.length,
    )
    if asked is not None and not asked.spent:
        asked.spent = True
        draft.cost_usd = asked.cost
        if asked.usage is not None:
            draft.tokens_in, draft.tokens_out = asked.usage.tokens_in, asked.usage.tokens_out
    return draft


def arguments_of(inputs: Any) -> Any:
    """What a tool was called with: the object, or what the single text of older agents holds, else that text."""
    fields = as_object(inputs)
    text = fields.get("input")
    if not (len(fields) == 1 and isinstance(text, str)):
        return inputs
    parsed = parsed_object(text)
    return text if parsed is None else parsed


def parsed_object(text: str) -> dict[str, Any] | None:
    """The object that a text writes as JSON or as a Python literal; ``None`` when it is neither, or too large."""
    stripped = text.strip()
    if not stripped.startswith("{") or len(stripped) > _LITERAL_BYTES or _depth(stripped) > _LITERAL_DEPTH:
        return None
    try:
        value = codec.decode(stripped)
    except codec.Undecodable:
        value = _literal(stripped)
    return value if isinstance(value, dict) else None


def _literal(text: str) -> Any:
    try:
        # Tuples, sets and numeric keys become what JSON has for them.
        return codec.decode(codec.encode(ast.literal_eval(text)))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, OverflowError, msgspec.MsgspecError):
        return None


def _depth(text: str) -> int:
    depth = deepest = 0
    for mark in re.findall(r"[\[\](){}]", text):
        depth += 1 if mark in "[({" else -1
        deepest = max(deepest, depth)
    # A run of signs nests without any bracket.
    return max(deepest, _LITERAL_DEPTH + 1 if re.search(r"(?:[-+~]\s*){20}", text) else 0)


def outcome_of(run: Run, result: Result) -> Outcome:
    """How a tool run ended. One that neither ended nor gave anything is unknown: the process may still run."""
    if run.error is not None:
        if run.error.startswith(_HANDED_OVER):
            return "ok"
        if run.error.startswith(_PAUSED):
            return "unknown"
        if run.error.startswith(_STOPPED):
            return "skipped"
        return "timeout" if _TIMEOUT.search(run.error[:_LOOKED_AT]) else "failed"
    if result.failed:
        return "timeout" if _TIMEOUT.search((result.text or "")[:_LOOKED_AT]) else "failed"
    if run.state == "error":
        return "failed"
    return "unknown" if run.ended_at is None and result.text is None else "ok"


def _error_of(run: Run, result: Result, outcome: Outcome) -> str | None:
    if outcome in ("ok", "unknown"):
        return None
    error = run.error or (result.text if result.failed else None)
    return None if error is None else clip(error)


def is_failure(error: str | None) -> bool:
    """Whether a stored exception is a failure, and not a way of steering the graph or a stop from outside."""
    return error is not None and not error.startswith((*_HANDED_OVER, *_PAUSED, *_STOPPED))
