"""Function and handoff spans as decisions, beside the model call that asked for them."""

from __future__ import annotations

import re

from soma import clock
from soma.model import DecisionDraft, Outcome

from .spans import CALL_KINDS, MODEL_KINDS, Span
from .trace import Run

_TIMEOUT = re.compile(r"tim(?:e|ed)[\s_-]?out", re.IGNORECASE)
_LOOKED_AT = 500
# The model asked for several handoffs at once: the first of them is made, the others are refused.
_MADE_ANYWAY = "Multiple handoffs requested"


def decisions_of(run: Run, delegates: dict[str, str], delegation: str | None) -> list[DecisionDraft]:
    """The decisions of an execution in the order they began.

    Args:
        run: Its spans.
        delegates: The agent that ran inside a function span, by the id of that span.
        delegation: Id of the decision that started the execution, for an agent that is a tool.
    """
    found: list[DecisionDraft] = []
    latest: dict[str | None, Span] = {}
    spent: set[str] = set()
    for span in run.spans:
        if span.kind in MODEL_KINDS:
            latest[span.parent_id] = span
        if span.kind not in CALL_KINDS:
            continue
        decision = _decision(span, delegates.get(span.span_id))
        decision.parent_decision_id = delegation
        asked = latest.get(span.parent_id)
        if asked is not None and asked.model is not None:
            decision.reasoning, decision.model = asked.model.said, asked.model.name
            if asked.span_id not in spent:
                spent.add(asked.span_id)
                decision.tokens_in, decision.tokens_out = asked.model.tokens.input, asked.model.tokens.output
        found.append(decision)
    return found


def _decision(span: Span, delegate: str | None) -> DecisionDraft:
    handoff = span.kind == "handoff"
    outcome = _outcome(span)
    draft = DecisionDraft(
        tool="handoff" if handoff else span.name,
        arguments={"to_agent": span.name} if handoff else span.arguments,
        outcome=outcome,
        output=span.output,
        error=span.error if outcome in ("failed", "timeout") else None,
        started_at=span.started_at,
        duration_ms=clock.elapsed_ms(span.started_at, span.ended_at),
        native_id=span.span_id,
        source_id=span.source_id,
        offset=span.offset,
        length=span.length,
    )
    if handoff or delegate is not None:
        draft.kind, draft.role = "delegation", "delegate"
        draft.action = f"delegate:{span.name if handoff else delegate}"
    return draft


def _outcome(span: Span) -> Outcome:
    made_anyway = span.kind == "handoff" and span.name and (span.error or "").startswith(_MADE_ANYWAY)
    if span.error is not None and not made_anyway:
        return "timeout" if _TIMEOUT.search(span.error[:_LOOKED_AT]) else "failed"
    # Outputs that are empty or sensitive are not written, so an end without an error is all that an ok call may show.
    return "ok" if span.ended_at is not None else "unknown"
