"""Tool calls as the runtime reported them: exact times, and the only record of calls where messages are missing."""

from __future__ import annotations

from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_object, as_text
from soma.adapters.openclaw.calls import decision
from soma.adapters.openclaw.entries import message_of
from soma.adapters.openclaw.results import Result, result_of
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Record

_NESTED = "tool_search_code:"
_NEVER = 1 << 62


def plain_id(call_id: str) -> str:
    """A call id without signs: some providers' messages are stored with ids stripped of them."""
    return "".join(filter(str.isalnum, call_id))


class RuntimeCalls:
    """The ``tool.call`` and ``tool.result`` events of one session."""

    def __init__(self) -> None:
        self._calls: dict[str, DecisionDraft] = {}
        self._results: dict[str, Result] = {}

    def begin(self, data: dict[str, Any], record: Record, at: int | None, turn: int, model: str | None) -> None:
        """A call was made."""
        call_id = as_text(data.get("toolCallId"))
        if call_id is None or plain_id(call_id) in self._calls:
            return
        draft = decision(data.get("name"), data.get("args", data.get("arguments")), record, turn)
        draft.native_id, draft.started_at, draft.model = call_id, at, model
        self._calls[plain_id(call_id)] = draft

    def end(self, data: dict[str, Any], at: int | None) -> None:
        """A tool came back."""
        call_id = as_text(data.get("toolCallId"))
        if call_id is None:
            return
        told = as_object(data.get("result"))
        # A result that was too large to be recorded leaves only the flag, and that is not the exit code.
        known = "content" in told or "details" in told
        result = result_of(message_of({
            "content": told.get("content"), "details": told.get("details"), "toolName": data.get("name"),
            "toolCallId": call_id, "isError": data.get("success") is False,
        }))  # fmt: skip
        if not known and result.outcome == "ok":
            result.outcome = "unknown"
        result.at = at
        self._results.setdefault(plain_id(call_id), result)

    def complete(self, draft: ExecutionDraft) -> None:
        """Give the decisions the times the runtime saw, and add the calls that no message tells of."""
        known = {plain_id(item.native_id): item for item in draft.decisions if item.native_id}
        for call_id, item in known.items():
            self._time(call_id, item)
        missing = [
            self._settled(call_id, call)
            for call_id, call in self._calls.items()
            if call_id not in known and not self._is_inner(call, known)
        ]
        draft.decisions += missing
        if missing:
            draft.decisions.sort(key=lambda item: item.started_at if item.started_at is not None else _NEVER)

    def _time(self, call_id: str, item: DecisionDraft) -> None:
        seen, result = self._calls.get(call_id), self._results.get(call_id)
        if item.started_at is None and seen is not None:
            item.started_at = seen.started_at
        if item.duration_ms is None and seen is not None and result is not None:
            item.duration_ms = _lasted(seen, result)

    def _settled(self, call_id: str, call: DecisionDraft) -> DecisionDraft:
        result = self._results.get(call_id)
        if result is not None:
            call.outcome, call.output, call.error = result.outcome, result.output, result.error
            call.duration_ms = _lasted(call, result)
        return call

    def _is_inner(self, call: DecisionDraft, known: dict[str, DecisionDraft]) -> bool:
        """Whether a call is the one its ``tool_call`` wrapper stands for already."""
        native = call.native_id or ""
        if not native.startswith(_NESTED):
            return False
        outer = plain_id(native.removeprefix(_NESTED).partition(":")[0])
        wrapper = known.get(outer) or self._calls.get(outer)
        return wrapper is not None and wrapper.tool == call.tool


def _lasted(call: DecisionDraft, result: Result) -> float | None:
    own = result.duration_ms
    return own if own is not None else clock.elapsed_ms(call.started_at, result.at)
