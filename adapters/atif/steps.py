"""One step of an agent becomes decisions: its tool calls, paired with what its observation says came back."""

from __future__ import annotations

from typing import Any

import msgspec

from soma import clock, codec
from soma.adapters.blocks.document import as_count, as_list, as_number, as_object, as_text
from soma.adapters.generic.messages import Result as Judged
from soma.adapters.generic.outcomes import judge
from soma.model import DecisionDraft, Outcome
from soma.source import Record
from soma.text import clip

from .outcome import by_exit_code
from .own import facts_in, restore_decision
from .terminal import typed
from .written import calls_in

_ANSWER = "respond"
"""Stands for a message that the environment reacted to although no call can be told in it."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens and US dollars of one step; input without what came from a cache."""

    tokens_in: int | None
    tokens_out: int | None
    cache_read: int | None
    cost: float | None


def usage_of(metrics: dict[str, Any], prefix: str = "") -> Usage:
    """The usage ``metrics`` of a step (or ``final_metrics``, with the prefix ``total_``) states."""
    prompt, cached = as_count(metrics.get(prefix + "prompt_tokens")), as_count(metrics.get(prefix + "cached_tokens"))
    fresh = prompt - (cached or 0) if prompt is not None else None
    cost = as_number(metrics.get(prefix + "cost_usd"))
    return Usage(
        tokens_in=fresh if fresh is None or fresh >= 0 else prompt,
        tokens_out=as_count(metrics.get(prefix + "completion_tokens")),
        cache_read=cached,
        cost=cost if cost is not None and cost >= 0 else None,
    )


def decisions_of(step: dict[str, Any], record: Record, model: str | None) -> list[DecisionDraft]:
    """The decisions of an agent's step, in the order they were made; none for a step that only speaks."""
    said = flat_text(step.get("message"))
    results = [as_object(result) for result in as_list(as_object(step.get("observation")).get("results"))]
    calls = [_call(as_object(item)) for item in as_list(step.get("tool_calls"))]
    words = said
    if not calls:
        written = calls_in(said or "")
        if written is not None:
            calls, words = [(None, tool, given) for tool, given in written.calls], written.words
        if not calls and results:
            calls = [(None, _ANSWER, None)]
    thought = as_text(step.get("reasoning_content")) or words
    facts = facts_in(step)
    # An exported step names the model where the vault knew it.
    made_by = as_text(step.get("model_name")) or (None if facts else model)
    drafts = [
        DecisionDraft(
            tool=tool, arguments=given, native_id=native, reasoning=clip(thought) if thought else None,
            started_at=clock.instant(step.get("timestamp")), model=made_by,
            source_id=record.source.source_id, offset=record.offset, length=record.length,
        )
        for native, tool, given in calls
    ]  # fmt: skip
    _settle(drafts, results)
    for draft in drafts:
        if (chosen := typed(draft.arguments)) is not None:
            draft.action, draft.role = chosen
        restore_decision(draft, facts)
    if drafts:
        usage = usage_of(as_object(step.get("metrics")))
        drafts[0].tokens_in, drafts[0].tokens_out, drafts[0].cost_usd = usage.tokens_in, usage.tokens_out, usage.cost
    return drafts


def flat_text(content: Any) -> str | None:
    """Text of a message or a result: a string, or parts (since 1.6) of which images become ``[image]``."""
    if isinstance(content, str):
        return content or None
    parts = []
    for part in map(as_object, as_list(content)):
        text = part.get("text")
        parts.append(text if isinstance(text, str) else f"[{as_text(part.get('type')) or 'part'}]")
    return "\n".join(parts) or None


def _call(item: dict[str, Any]) -> tuple[str | None, str, Any]:
    given = item.get("arguments")
    if isinstance(given, str) and given.lstrip()[:1] == "{":
        try:
            parsed = codec.decode(given)
        except codec.Undecodable:
            parsed = given
        given = parsed if isinstance(parsed, dict) else given
    return as_text(item.get("tool_call_id")), as_text(item.get("function_name")) or "unknown", given


def _settle(drafts: list[DecisionDraft], results: list[dict[str, Any]]) -> None:
    """Give every call its result: by id, and by order where results name no call."""
    waiting = list(drafts)
    nameless = []
    for result in results:
        wanted = as_text(result.get("source_call_id"))
        call = next((draft for draft in waiting if wanted is not None and draft.native_id == wanted), None)
        if call is not None:
            waiting.remove(call)
            _take(call, result)
        elif wanted is None:
            nameless.append(result)
    if len(nameless) == 1 and len(waiting) > 1:
        # A terminal shows what all commands of a step left behind; the last one stands before it.
        *earlier, last = waiting
        _take(last, nameless[0])
        for draft in earlier:
            draft.outcome = "ok" if last.outcome == "ok" else "unknown"
        return
    for draft, result in zip(waiting, nameless, strict=False):
        _take(draft, result)


def _take(draft: DecisionDraft, result: dict[str, Any]) -> None:
    if result.get("subagent_trajectory_ref"):
        draft.kind = "delegation"
    content = result.get("content")
    if content is None:
        return
    text = flat_text(content) or ""
    outcome, error = _outcome(text)
    draft.outcome, draft.output, draft.error = outcome, clip(text), clip(error) if error else None


def _outcome(text: str) -> tuple[Outcome, str | None]:
    coded = by_exit_code(text)
    if coded is not None:
        return coded, None if coded == "ok" else text
    return judge(Judged(text))
