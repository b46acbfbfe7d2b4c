"""One session from its trajectory events: turned back into transcript entries, completed by what only events tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_count, as_list, as_number, as_object, as_text
from soma.adapters.openclaw.facts import Session
from soma.adapters.openclaw.transcript import PREFIX, Transcript
from soma.model import ExecutionDraft
from soma.source import Record, Source

from .runtime import RuntimeCalls, plain_id

_ANSWERED = frozenset({"stop", "length"})


class Trajectory:
    """The events of one session.

    An export holds the transcript's entries (``source: transcript``) and the runtime's own events. A sidecar holds the
    latter alone: there the messages are those of ``model.completed``, whose snapshot repeats earlier runs.
    """

    def __init__(self, source: Source, session_id: str, key: str | None) -> None:
        self._source = source
        self._session_id = session_id
        self._transcript = Transcript(source, Session(id=session_id, key=key))
        self._calls = RuntimeCalls()
        self._entries_given = False
        self._prompts: list[tuple[Record, Any, Any]] = []
        self._seen: set[tuple[Any, ...]] = set()
        self._first: Record | None = None
        self._last_at: int | None = None
        self._turn = -1
        self._ends: list[dict[str, Any]] = []

    def add(self, event: dict[str, Any], record: Record) -> None:
        """Take the next event."""
        at = clock.instant(event.get("ts"))
        self._first = self._first or Record(record.source, record.offset, record.length, event.get("ts"))
        self._last_at = at if at is not None else self._last_at
        data = as_object(event.get("data"))
        kind = as_text(event.get("type")) or ""
        if event.get("source") == "transcript":
            self._take_entry(kind, event, data, record)
            return
        match kind:
            case "prompt.submitted":
                self._turn += 1
                bare = Record(record.source, record.offset, record.length, None)
                self._prompts.append((bare, data.get("prompt"), event.get("ts")))
            case "tool.call":
                self._calls.begin(data, record, at, max(self._turn, 0), as_text(event.get("modelId")))
            case "tool.result":
                self._calls.end(data, at)
            case "model.completed":
                self._take_snapshot(as_list(data.get("messagesSnapshot")), record)
            case "trace.artifacts" | "session.ended":
                self._ends.append(_ending(kind, data))

    def executions(self) -> Iterator[ExecutionDraft]:
        """The session, then the branches of it that were abandoned."""
        self._keep_prompts()
        drafts = list(self._transcript.executions())
        if not drafts and self._first is not None:
            # The messages were too large to be recorded, but the run was made.
            self._add(Record(self._first.source, self._first.offset, self._first.length, None),
                      {"type": "message", "timestamp": self._first.value, "message": {"role": "user"}})  # fmt: skip
            drafts = list(self._transcript.executions())
        for number, draft in enumerate(drafts):
            if number == 0:
                self._complete(draft)
            draft.execution_id = _events_id(draft.execution_id)
            if draft.parent_execution_id is not None and number:
                draft.parent_execution_id = _events_id(draft.parent_execution_id)
            # Not shared with the transcript: the view hides the one or the other, neither changes the other's rows.
            draft.claims = [draft.execution_id]
            draft.labels["record"] = "run-log"
            for decision in draft.decisions:
                decision.global_id = None
            yield draft

    def _take_entry(self, kind: str, event: dict[str, Any], data: dict[str, Any], record: Record) -> None:
        if kind == "tool.call":
            # Repeats a block of the assistant's message.
            return
        self._entries_given = True
        place = {"id": event.get("entryId"), "parentId": event.get("parentEntryId"), "timestamp": event.get("ts")}
        if isinstance(data.get("message"), dict):
            self._add(record, {"type": "message", "message": data["message"], **place})
        else:
            self._add(record, {**data, "type": kind.removeprefix("session."), **place})

    def _take_snapshot(self, messages: list[Any], record: Record) -> None:
        if self._entries_given or not messages:
            return
        self._prompts.clear()
        prompt: dict[str, Any] | None = None
        for message in map(as_object, messages):
            if message.get("role") == "user":
                prompt = message
                continue
            if not self._is_new(message):
                # What an earlier run's snapshot told already, and with it the prompt before it.
                prompt = None
                continue
            if prompt is not None:
                self._add_message(record, prompt)
                prompt = None
            self._add_message(record, message)
        if prompt is not None:
            self._add_message(record, prompt)

    def _is_new(self, message: dict[str, Any]) -> bool:
        sent = as_number(message.get("timestamp"))
        if sent is None:
            return True
        key = (as_text(message.get("role")), sent, plain_id(as_text(message.get("toolCallId")) or ""))
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _keep_prompts(self) -> None:
        """Runs that never told their messages had a prompt all the same."""
        if not self._entries_given:
            for record, text, at in self._prompts:
                self._add(record, {"type": "message", "message": {"role": "user", "content": text}, "timestamp": at})

    def _add_message(self, record: Record, message: dict[str, Any]) -> None:
        if message.get("role") == "assistant":
            # Its time is when the model was asked; when it had answered, which is when its calls began, is not told.
            message = {key: value for key, value in message.items() if key != "timestamp"}
        self._add(record, {"type": "message", "message": message})

    def _add(self, record: Record, entry: dict[str, Any]) -> None:
        self._transcript.add(Record(record.source, record.offset, record.length, entry))

    def _complete(self, draft: ExecutionDraft) -> None:
        self._calls.complete(draft)
        if not self._entries_given:
            # Messages of a snapshot have no times of their own end; the events around them do.
            started = clock.instant(self._first.value) if self._first is not None else None
            draft.started_at = started if started is not None else draft.started_at
            draft.ended_at = self._last_at if self._last_at is not None else draft.ended_at
        if draft.status == "unknown" and self._ends:
            last = self._ends[-1]
            answered = any(end["answered"] for end in self._ends[-2:])
            if last["status"] == "error":
                draft.status, draft.error = "failed", draft.error or last["error"]
            elif last["status"] == "success" and answered:
                draft.status = "completed"
        if draft.tokens_in is None and draft.tokens_out is None:
            usages = [end["usage"] for end in self._ends]
            draft.tokens_in, draft.tokens_out = _sum(usages, "input"), _sum(usages, "output")
            draft.tokens_cache_read, draft.tokens_cache_write = _sum(usages, "cacheRead"), _sum(usages, "cacheWrite")


def _ending(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the last two events of a run say about it: they agree, but only the first has the usage."""
    return {
        "status": as_text(data.get("finalStatus")) or as_text(data.get("status")),
        "answered": as_text(data.get("stopReason")) in _ANSWERED or bool(as_list(data.get("assistantTexts"))),
        "error": as_text(data.get("promptError")),
        "usage": as_object(data.get("usage")) if kind == "trace.artifacts" else {},
    }


def _sum(usages: list[dict[str, Any]], name: str) -> int | None:
    known = [count for usage in usages if (count := as_count(usage.get(name))) is not None]
    return sum(known) or None


def _events_id(execution_id: str) -> str:
    return f"{PREFIX}:events:{execution_id.removeprefix(f'{PREFIX}:')}"
