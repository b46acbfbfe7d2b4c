"""Tool calls of a sample as decisions: from its events, or from its messages where it has none.

A call shows up as part of a model's answer, as a tool event and as a message with the result: one decision. The model's
answer says that it was made and why, the tool event (or the message) what came of it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import msgspec

from soma import clock, identity
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.model import DecisionDraft, Outcome
from soma.source import Record
from soma.text import clip

from .content import Texts
from .shapes import Event, Sample
from .transcript import Transcript
from .usage import usage_of

_OUTCOMES: dict[str, Outcome] = {"timeout": "timeout", "approval": "skipped", "cancelled": "skipped"}


class Decisions:
    """Collects the decisions of one sample.

    Args:
        execution_id: The execution they belong to.
        record: The bytes they come from.
        texts: Reads the texts of the sample.

    Attributes:
        made: The decisions so far, in the order they were taken.
    """

    def __init__(self, execution_id: str, record: Record, texts: Texts) -> None:
        self.made: list[DecisionDraft] = []
        self._execution_id = execution_id
        self._record = record
        self._texts = texts
        # Some providers use one call id again and again: the first open call of that id is meant.
        self._open: defaultdict[str, deque[DecisionDraft]] = defaultdict(deque)

    def take(self, sample: Sample, transcript: Transcript) -> None:
        """All calls of the sample, each once."""
        events = [event for event in transcript.events if event.event in ("model", "tool")]
        for event in events:
            caller = transcript.caller(event)
            parent = None if caller is None else _decision_id(self._execution_id, caller)
            if event.event == "model":
                choice = as_object(next(iter(as_list(as_object(event.output).get("choices"))), None))
                self._asked(as_object(choice.get("message")), as_text(event.model), parent)
                self._spent(as_object(event.output).get("usage"), event.cache)
            else:
                self._called(event, parent)
        for item in as_list(sample.messages):
            message = as_object(item)
            # Messages of the input are examples the model was given, not choices it made.
            if message.get("source") == "input":
                continue
            if message.get("role") == "assistant" and not events:
                self._asked(message, as_text(message.get("model")), None)
            elif message.get("role") == "tool":
                self._answered(message, orphans=not events)

    def _asked(self, message: dict[str, Any], model: str | None, parent: str | None) -> None:
        self._first = len(self.made)
        calls = [call for item in as_list(message.get("tool_calls")) if (call := as_object(item))]
        reasoning = self._texts.reasoning(message) if calls else None
        for call in calls:
            draft = self._drafted(call.get("id"), call.get("function"), call.get("arguments"))
            draft.reasoning, draft.model, draft.parent_decision_id = reasoning, model, parent
            self._open[draft.native_id or ""].append(draft)

    def _spent(self, usage: Any, cache: Any) -> None:
        """What the answer used goes to the first call of it; an answer from Inspect's own cache used nothing."""
        used = usage_of(usage) if cache != "read" else None
        if used is not None and len(self.made) > self._first:
            first = self.made[self._first]
            first.tokens_in, first.tokens_out, first.cost_usd = used.tokens_in, used.tokens_out, used.cost

    def _called(self, event: Event, parent: str | None) -> None:
        draft = self._opened(event.id, event.function)
        if draft is None:
            draft = self._drafted(event.id, event.function, event.arguments)
        if isinstance(event.arguments, dict) and event.arguments:
            draft.arguments = self._texts.resolved(event.arguments)
        draft.parent_decision_id = parent
        draft.started_at = clock.instant(event.timestamp)
        draft.duration_ms = clock.elapsed_ms(draft.started_at, clock.instant(event.completed))
        if draft.duration_ms is None and (worked := as_number(event.working_time)) is not None and worked >= 0:
            draft.duration_ms = worked * 1000
        if (agent := as_text(event.agent)) is not None:
            draft.kind, draft.role, draft.action = "delegation", "delegate", f"delegate:{agent}"
        given = event.result is not msgspec.UNSET
        output = self._texts.flat(event.result) if given else None
        finished = event.pending is not True and (given or event.completed is not None)
        self._ended(draft, event.error, output, finished=finished)
        if event.failed is True and draft.outcome in ("ok", "unknown"):
            draft.outcome, draft.error = "failed", draft.error or draft.output

    def _answered(self, message: dict[str, Any], *, orphans: bool) -> None:
        """A message with a result: of a call that is still open, or of one whose asking is not in the log."""
        draft = self._opened(message.get("tool_call_id"), message.get("function"))
        if draft is None:
            if not orphans:
                return
            draft = self._drafted(message.get("tool_call_id"), message.get("function"), None)
        self._ended(draft, message.get("error"), self._texts.flat(message.get("content")), finished=True)

    def _ended(self, draft: DecisionDraft, error: Any, output: str | None, *, finished: bool) -> None:
        draft.output = clip(output) if output else None
        if error:
            fields = as_object(error)
            kind = as_text(fields.get("type")) or "unknown"
            message = self._texts.flat(fields.get("message")) if fields else as_text(error)
            draft.outcome = _OUTCOMES.get(kind, "failed")
            draft.error = clip(f"{kind}: {message or ''}".rstrip(": "))
        else:
            draft.outcome = "ok" if finished else "unknown"

    def _opened(self, call_id: Any, function: Any) -> DecisionDraft | None:
        waiting = self._open.get(as_text(call_id) or "")
        if not waiting:
            return None
        found = next((draft for draft in waiting if draft.tool == function), None)
        if found is not None:
            waiting.remove(found)
        return found

    def _drafted(self, call_id: Any, function: Any, arguments: Any) -> DecisionDraft:
        given = self._texts.resolved(arguments) if isinstance(arguments, dict | list | str) else None
        draft = DecisionDraft(
            tool=as_text(function) or "unknown",
            arguments=clip(given) if isinstance(given, str) else given,
            native_id=as_text(call_id),
            source_id=self._record.source.source_id,
            offset=self._record.offset,
            length=self._record.length,
        )
        self.made.append(draft)
        return draft


def _decision_id(execution_id: str, call_id: str) -> str:
    return f"{execution_id}#{identity.qualified('', call_id).removeprefix(':')}"
