"""From the records of a chat to its execution, and to those of the paths that rewinds left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from soma import clock, identity
from soma.adapters.blocks.document import as_count, as_list, as_object, as_text
from soma.adapters.contract import Yield
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Damage, Record
from soma.text import clip

from .calls import outcome_of, text_of

FRAMEWORK = "gemini-cli"
PREFIX = "gm"


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """The executions in the records of one chat, or of several copies of it; each is yielded when its file ends."""
    chat: _Chat | None = None
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        if chat is None or record.source.source_id != chat.first.source.source_id:
            if chat is not None:
                yield from chat.executions()
            chat = _Chat(record)
        damage = chat.take(record)
        if damage is not None:
            yield damage
    if chat is not None:
        yield from chat.executions()


class _Chat:
    """One file while it is read."""

    def __init__(self, first: Record) -> None:
        self.first = first
        self._head: dict[str, Any] = {}
        self._messages: dict[str, Record] = {}
        self._left: list[list[Record]] = []

    def take(self, record: Record) -> Damage | None:
        value = record.value
        if as_text(value.get("$rewindTo")):
            self._rewind(value["$rewindTo"])
        elif isinstance(value.get("$set"), dict):
            self._describe(value["$set"])
        elif isinstance(value.get("type"), str):
            # A message is written again when something was added to it: the last writing stands, in the first place.
            key = as_text(value.get("id")) or f"#{len(self._messages)}"
            self._messages[key] = record
        elif "sessionId" in value:
            self._describe(value)
        else:
            return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                          reason="neither the head of a chat nor a message")  # fmt: skip
        return None

    def executions(self) -> Iterator[ExecutionDraft]:
        session_id = as_text(self._head.get("sessionId"))
        if session_id is None:
            return
        claim = identity.qualified(PREFIX, session_id)
        for messages in self._left:
            name = as_text(messages[0].value.get("id")) or "0"
            draft = _execution(identity.qualified(PREFIX, f"{session_id}~{name}"), self.first, messages)
            if draft is not None:
                draft.labels["branch"] = "abandoned"
                draft.parent_execution_id = claim
                yield self._completed(draft, session_id, claim)
        draft = _execution(claim, self.first, list(self._messages.values()))
        if draft is not None:
            started = clock.instant(self._head.get("startTime"))
            draft.started_at = draft.started_at if started is None else started
            folder = self.first.source.folder
            if self._head.get("kind") == "subagent" and folder != "chats":
                # A sub-agent's chat lies in a folder that is called like the session it was started in.
                draft.parent_execution_id = identity.qualified(PREFIX, folder)
            yield self._completed(draft, session_id, claim)

    def _completed(self, draft: ExecutionDraft, session_id: str, claim: str) -> ExecutionDraft:
        draft.session_id = session_id
        draft.claims = sorted({draft.execution_id, claim})
        directory = next((path for path in as_list(self._head.get("directories")) if as_text(path)), "")
        draft.agent_id = directory.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        if project := as_text(self._head.get("projectHash")):
            draft.labels["project"] = project
        return draft

    def _describe(self, head: dict[str, Any]) -> None:
        self._head.update((name, value) for name, value in head.items() if name != "sessionId")
        self._head.setdefault("sessionId", head.get("sessionId"))

    def _rewind(self, message_id: str) -> None:
        keys = list(self._messages)
        left = keys[keys.index(message_id) :] if message_id in self._messages else keys
        if left:
            self._left.append([self._messages.pop(key) for key in left])


def _execution(execution_id: str, first: Record, messages: Sequence[Record]) -> ExecutionDraft | None:
    """The run that the messages are; ``None`` when nobody said anything in them."""
    draft = ExecutionDraft(
        execution_id=execution_id, framework=FRAMEWORK,
        source_id=first.source.source_id, offset=first.offset, length=first.length,
    )  # fmt: skip
    turns = answers = 0
    models: Counter[str] = Counter()
    taken: set[str] = set()
    for record in messages:
        message = record.value
        kind, at = message["type"], clock.instant(message.get("timestamp"))
        if at is not None:
            draft.started_at = at if draft.started_at is None else min(at, draft.started_at)
        calls = [call for call in as_list(message.get("toolCalls")) if isinstance(call, dict)]
        for time in (at, *(clock.instant(call.get("timestamp")) for call in calls)):
            if time is not None:
                draft.ended_at = time if draft.ended_at is None else max(time, draft.ended_at)
        if kind == "user":
            turns += 1
            draft.task_text = draft.task_text or text_of(message.get("content")) or None
        elif kind == "gemini":
            answers += 1
            model = as_text(message.get("model"))
            models.update([model] if model else [])
            decisions = [_decision(record, call, taken) for call in calls]
            made = [decision for decision in decisions if decision is not None]
            for decision in made:
                decision.started_at, decision.model, decision.turn = at, model, max(turns - 1, 0)
            _spend(draft, made, as_object(message.get("tokens")))
            draft.decisions.extend(made)
    if not (turns or answers):
        return None
    draft.model = min(models, key=lambda name: (-models[name], name), default=None)
    if turns:
        draft.labels["turns"] = str(turns)
    _end(draft, messages[-1].value)
    return draft


def _decision(record: Record, call: dict[str, Any], taken: set[str]) -> DecisionDraft | None:
    call_id = as_text(call.get("id"))
    if call_id is not None:
        if call_id in taken:
            return None
        taken.add(call_id)
    text = text_of(call.get("result")) if call.get("result") is not None else as_text(call.get("resultDisplay"))
    outcome = outcome_of(call, text or "")
    output = clip(text) if text is not None else None
    return DecisionDraft(
        tool=as_text(call.get("name")) or "unknown", arguments=call.get("args"), outcome=outcome, output=output,
        error=output or None if outcome in ("failed", "timeout", "skipped") else None,
        reasoning=_thoughts(record.value), native_id=call_id,
        global_id=identity.qualified(PREFIX, call_id) if call_id else None,
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


def _thoughts(message: dict[str, Any]) -> str | None:
    thoughts = []
    for thought in as_list(message.get("thoughts")):
        parts = [as_text(as_object(thought).get(name)) for name in ("subject", "description")]
        thoughts.append(": ".join(part for part in parts if part))
    return "\n".join(filter(None, thoughts)) or text_of(message.get("content")) or None


def _spend(draft: ExecutionDraft, decisions: Sequence[DecisionDraft], tokens: dict[str, Any]) -> None:
    """Add a message's tokens: the input holds what came from the cache, thoughts are output."""
    count = {name: as_count(tokens.get(name)) for name in ("input", "output", "cached", "thoughts", "tool")}
    if count["input"] is None and count["output"] is None:
        return
    cached = count["cached"] or 0
    given = max((count["input"] or 0) + (count["tool"] or 0) - cached, 0)
    produced = (count["output"] or 0) + (count["thoughts"] or 0)
    draft.tokens_in = (draft.tokens_in or 0) + given
    draft.tokens_cache_read = (draft.tokens_cache_read or 0) + cached
    draft.tokens_out = (draft.tokens_out or 0) + produced
    if decisions:
        decisions[0].tokens_in, decisions[0].tokens_out = given, produced


def _end(draft: ExecutionDraft, last: dict[str, Any]) -> None:
    calls = [as_object(call) for call in as_list(last.get("toolCalls"))]
    if last["type"] == "error":
        draft.status, draft.error = "failed", text_of(last.get("content")) or None
    elif any(call.get("status") == "cancelled" for call in calls):
        draft.labels["ended"] = "interrupted"
    elif last["type"] == "gemini" and not calls and text_of(last.get("content")):
        draft.status = "completed"
