"""From records to executions, as the mapping says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from soma import clock, codec, identity
from soma.adapters.blocks.document import as_count, as_list, as_number, as_text
from soma.adapters.contract import Yield
from soma.model import DecisionDraft, ExecutionDraft, Outcome, Status
from soma.source import Damage, Record
from soma.text import clip

from .mapping import DecisionFields, Mapping, ResultFields, find, holds

_TRUE = frozenset({"true", "yes", "1", "pass", "passed", "success", "ok", "resolved"})
_FALSE = frozenset({"false", "no", "0", "fail", "failed", "failure", "error"})
_OUTCOMES: dict[str, Outcome] = {
    "ok": "ok", "success": "ok", "succeeded": "ok", "completed": "ok", "done": "ok", "true": "ok",
    "failed": "failed", "failure": "failed", "error": "failed", "false": "failed",
    "timeout": "timeout", "timed_out": "timeout", "skipped": "skipped", "cancelled": "skipped",
}  # fmt: skip
_STATUSES: dict[str, Status] = {
    "completed": "completed", "success": "completed", "succeeded": "completed", "done": "completed", "ok": "completed",
    "finished": "completed", "failed": "failed", "error": "failed", "failure": "failed", "crashed": "failed",
}  # fmt: skip


def map_records(mapping: Mapping, records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Executions in the order their first record was met; what is no object is passed over as damage."""
    runs: dict[str, _Run] = {}
    for record in records:
        if isinstance(record, Damage):
            yield record
        elif not isinstance(record.value, dict):
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason="a value where a record (an object) was expected")  # fmt: skip
        else:
            key = native_id(mapping, record.value) or f"{record.source.folder}/{record.source.name}"
            runs.setdefault(key, _Run(mapping, key)).add(record)
    for key in sorted(runs):
        yield runs[key].draft


def native_id(mapping: Mapping, value: dict[str, Any]) -> str | None:
    """The id of the execution that a record tells of, if it names one."""
    return _word(find(value, mapping.execution.id))


class _Run:
    """One execution in the making."""

    def __init__(self, mapping: Mapping, key: str) -> None:
        self._mapping = mapping
        self._calls: dict[str, DecisionDraft] = {}
        self._orphans: dict[str, list[dict[str, Any]]] = {}
        self.draft = ExecutionDraft(execution_id=identity.qualified(mapping.name, key), framework=mapping.name)
        self.draft.claims = [self.draft.execution_id]

    def add(self, record: Record) -> None:
        """Take what the record says of the run, its decisions and their results."""
        value = record.value
        if not self.draft.source_id:
            self.draft.source_id = record.source.source_id
            self.draft.offset, self.draft.length = record.offset, record.length
        self._take_facts(value)
        fields = self._mapping.decision
        if holds(value, fields.when):
            items = as_list(find(value, fields.each)) if fields.each else [value]
            for item in items:
                if isinstance(item, dict) and (tool := _word(find(item, fields.tool))):
                    self._add_decision(record, item, tool, fields)
        result = self._mapping.result
        if result is not None and holds(value, result.when):
            self._add_result(value, result)

    def _take_facts(self, value: dict[str, Any]) -> None:
        fields, draft = self._mapping.execution, self.draft
        draft.agent_id = draft.agent_id or _word(find(value, fields.agent)) or ""
        draft.session_id = draft.session_id or _word(find(value, fields.session))
        if draft.task_id is None and (task := _word(find(value, fields.task))):
            draft.task_id = f"{self._mapping.name}:{task}"
        draft.task_text = draft.task_text or _text(find(value, fields.task_text))
        draft.model = draft.model or as_text(find(value, fields.model))
        draft.error = _text(find(value, fields.error)) or draft.error
        status = _word(find(value, fields.status))
        if status:
            draft.status = self._mapping.statuses.get(status.lower(), _STATUSES.get(status.lower(), "unknown"))
        success = _truth(find(value, fields.success))
        if success is not None:
            draft.success, draft.success_from = success, "reward"
        score = as_number(find(value, fields.score))
        draft.score = draft.score if score is None else score
        draft.tokens_in = _later(as_count(find(value, fields.tokens_in)), draft.tokens_in)
        draft.tokens_out = _later(as_count(find(value, fields.tokens_out)), draft.tokens_out)
        cost = as_number(find(value, fields.cost_usd))
        draft.cost_usd = draft.cost_usd if cost is None else cost
        started, ended = clock.instant(find(value, fields.started_at)), clock.instant(find(value, fields.ended_at))
        if started is not None:
            draft.started_at = started if draft.started_at is None else min(draft.started_at, started)
        for moment in (ended, started):
            if moment is not None:
                draft.ended_at = moment if draft.ended_at is None else max(draft.ended_at, moment)
        for label, path in fields.labels.items():
            word = _word(find(value, path))
            if word:
                draft.labels[label] = word

    def _add_decision(self, record: Record, item: dict[str, Any], tool: str, fields: DecisionFields) -> None:
        native = _word(find(item, fields.id))
        draft = DecisionDraft(
            tool=tool, action=_word(find(item, fields.action)) or "",
            arguments=_arguments(find(item, fields.arguments)),
            reasoning=_text(find(item, fields.reasoning)), model=as_text(find(item, fields.model)),
            confidence=as_number(find(item, fields.confidence)),
            started_at=clock.instant(find(item, fields.started_at)),
            tokens_in=as_count(find(item, fields.tokens_in)), tokens_out=as_count(find(item, fields.tokens_out)),
            cost_usd=as_number(find(item, fields.cost_usd)), turn=as_count(find(item, fields.turn)) or 0,
            native_id=native, source_id=record.source.source_id, offset=record.offset, length=record.length,
        )  # fmt: skip
        self._take_result(draft, item, fields)
        self.draft.decisions.append(draft)
        if native:
            self._calls[native] = draft
            for result in self._orphans.pop(native, []):
                self._join(draft, result)

    def _add_result(self, value: dict[str, Any], fields: ResultFields) -> None:
        native = _word(find(value, fields.id))
        if native is None:
            return
        call = self._calls.get(native)
        if call is None:
            self._orphans.setdefault(native, []).append(value)
        else:
            self._join(call, value)

    def _join(self, call: DecisionDraft, value: dict[str, Any]) -> None:
        if self._mapping.result is not None:
            self._take_result(call, value, self._mapping.result)

    def _take_result(self, draft: DecisionDraft, value: dict[str, Any], fields: DecisionFields | ResultFields) -> None:
        output = find(value, fields.output)
        error = _text(find(value, fields.error))
        draft.output = _text(output) or draft.output
        draft.error = error or draft.error
        word = _word(find(value, fields.outcome))
        if word is not None:
            draft.outcome = self._mapping.outcomes.get(word.lower(), _OUTCOMES.get(word.lower(), "unknown"))
        elif error:
            draft.outcome = "failed"
        elif output is not None and fields.outcome is None:
            draft.outcome = "ok"
        seconds = as_number(find(value, fields.duration_s))
        millis = as_number(find(value, fields.duration_ms))
        duration = millis if millis is not None else None if seconds is None else seconds * 1000
        if duration is None:
            duration = clock.elapsed_ms(draft.started_at, clock.instant(find(value, fields.ended_at)))
        draft.duration_ms = draft.duration_ms if duration is None or duration < 0 else duration


def _word(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return as_text(value)


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return clip(value) if isinstance(value, str) else clip(codec.encode(value))


def _arguments(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return codec.decode(value)
        except codec.Undecodable:
            return clip(value)
    return value


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = (_word(value) or "").lower().removesuffix(".0")
    return True if word in _TRUE else False if word in _FALSE else None


def _later(new: int | None, old: int | None) -> int | None:
    return old if new is None else new
