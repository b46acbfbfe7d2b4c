"""The decisions of a run: tool spans and delegations; without tool spans, calls a model asked for, or CLIENT spans."""

from __future__ import annotations

from typing import Any

from soma import clock
from soma.model import DecisionDraft, Outcome

from .outcome import error_of, outcome_of
from .spans import ModelCall, Span
from .thinking import Thinking
from .trace import Run, order


def decisions_of(run: Run, thinking: Thinking) -> list[DecisionDraft]:
    """The decisions in the order they were taken.

    Errors are counted where they are decisions: chains, agents' roots and model calls that repeat the exception of a
    tool inside them are none.
    """
    tools = [span for span in run.spans.values() if span.role == "tool" and not _repeats(run, span)]
    delegations = [span for span in run.spans.values() if _is_delegation(run, span)]
    if not tools and thinking.calls:
        asked = _asked_for(thinking)
        if asked:
            return asked if not delegations else asked + _from_spans(run, thinking, delegations, [])
    if not tools and not delegations:
        tools = [span for span in run.spans.values() if span.client and not _carries_a_model_call(run, span)]
    return _from_spans(run, thinking, delegations, tools)


def _carries_a_model_call(run: Run, span: Span) -> bool:
    """Whether a CLIENT span is how a model was reached, seen by an HTTP instrumentation."""
    return any(above.role == "llm" for above in run.ancestors(span))


def _repeats(run: Run, span: Span) -> bool:
    """Whether a tool span lies in another one for the same call (two instrumentations saw it)."""
    for above in run.ancestors(span):
        if above.role in ("agent", "llm"):
            return False
        if above.tool_call is not None and above.role == "tool":
            return span.tool_call is not None and above.tool_call.name == span.tool_call.name
    return False


def _is_delegation(run: Run, span: Span) -> bool:
    """Whether an agent span is work that another agent handed over, with no tool span standing for it."""
    owner = run.owners[span.span_id]
    if span.role != "agent" or owner is None or owner.role != "agent":
        return False
    return span.facts.agent is not None and span.facts.agent != owner.facts.agent


def _from_spans(run: Run, thinking: Thinking, delegations: list[Span], calls: list[Span]) -> list[DecisionDraft]:
    found: list[DecisionDraft] = []
    paid: set[str] = set()
    delegated = {span.span_id for span in delegations}
    names = thinking.names(run, order(calls, run.depths))
    for span in _as_asked(order([*delegations, *calls], run.depths), thinking):
        behind = thinking.behind(run, span)
        decision = _delegation(span) if span.span_id in delegated else _call(span, thinking)
        decision.native_id = names.get(span.span_id, span.span_id)
        _explain(decision, span, behind, thinking)
        if behind is not None:
            _charge(decision, behind, paid)
        found.append(decision)
    return found


def _as_asked(spans: list[Span], thinking: Thinking) -> list[Span]:
    """Spans in order of time, but calls of one message in the order the model asked for them.

    They run at the same time, and which of them starts some microseconds earlier says nothing about the agent.
    """
    began: dict[str, int] = {}
    places: dict[str, tuple[str, int]] = {}
    for place, span in enumerate(spans):
        asked = thinking.asked_by(span.tool_call.call_id) if span.tool_call is not None else None
        places[span.span_id] = asked or (span.span_id, 0)
        began.setdefault(places[span.span_id][0], place)
    return sorted(spans, key=lambda span: (began[places[span.span_id][0]], places[span.span_id][1]))


def _call(span: Span, thinking: Thinking) -> DecisionDraft:
    tool = span.tool_call
    assert tool is not None  # noqa: S101  (tool and CLIENT spans always carry one)
    given = thinking.answers.get(tool.call_id or "")
    output = tool.result.text if tool.result.text is not None else given.text if given is not None else None
    outcome = outcome_of(span, output)
    request = thinking.request(tool.call_id)
    arguments: Any = tool.arguments
    if not isinstance(arguments, dict) and request is not None and isinstance(request.arguments, dict):
        # OpenInference keeps only the bare value of a single argument; the model named it.
        arguments = request.arguments
    return _draft(span, tool=tool.name, arguments=arguments, outcome=outcome, output=output)


def _delegation(span: Span) -> DecisionDraft:
    tool = span.tool_call
    assert tool is not None  # noqa: S101  (agent spans always carry one)
    decision = _draft(span, tool=tool.name, arguments=tool.arguments, outcome=outcome_of(span), output=tool.result.text)
    decision.kind, decision.role, decision.action = "delegation", "delegate", f"delegate:{tool.name}"
    return decision


def _draft(span: Span, *, tool: str, arguments: Any, outcome: Outcome, output: str | None) -> DecisionDraft:
    return DecisionDraft(
        tool=tool,
        arguments=arguments,
        outcome=outcome,
        output=output,
        error=error_of(span, outcome),
        started_at=span.start,
        duration_ms=clock.elapsed_ms(span.start, span.end),
        source_id=span.source_id,
        offset=span.offset,
        length=span.length,
    )


def _explain(decision: DecisionDraft, span: Span, behind: tuple[Span, ModelCall] | None, thinking: Thinking) -> None:
    tool = span.tool_call
    if tool is None:
        return
    said = thinking.said(behind[1] if behind is not None else None, tool.call_id)
    decision.reasoning = tool.reasoning or said


def _charge(decision: DecisionDraft, behind: tuple[Span, ModelCall], paid: set[str]) -> None:
    """Puts a model call's tokens and cost on the first decision that came of it."""
    span, call = behind
    decision.model = call.model
    if span.span_id not in paid:
        paid.add(span.span_id)
        decision.tokens_in, decision.tokens_out, decision.cost_usd = call.tokens_in, call.tokens_out, call.cost


def _asked_for(thinking: Thinking) -> list[DecisionDraft]:
    found: list[DecisionDraft] = []
    paid: set[str] = set()
    for span, call, asked, name in thinking.unheard():
        result = thinking.answers.get(asked.call_id or "")
        outcome: Outcome = "unknown" if result is None else "failed" if result.failed else "ok"
        decision = DecisionDraft(
            tool=asked.name or "tool",
            arguments=asked.arguments,
            outcome=outcome,
            reasoning=thinking.said(call, asked.call_id),
            output=result.text if result is not None else None,
            error=result.text if result is not None and result.failed else None,
            started_at=span.end if span.end is not None else span.start,
            native_id=name,
            source_id=span.source_id,
            offset=span.offset,
            length=span.length,
        )
        _charge(decision, (span, call), paid)
        found.append(decision)
    return found
