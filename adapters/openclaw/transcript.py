"""One session from its entries: collects them as they stream by, then tells the executions they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_object, as_text
from soma.identity import qualified
from soma.model import ExecutionDraft
from soma.source import Record, Source

from .calls import answer_of, decision
from .companions import stem
from .facts import Session, from_context
from .prompts import Prompt, prompt_of
from .results import result_of
from .run import Nested, Run, Step, StepBody
from .tree import ROOT, Tree

FRAMEWORK = "openclaw"
PREFIX = "oc"
_NESTED = "openclaw.nested-tool.v1"
_PROMPT_ERROR = "openclaw:prompt-error"


class Transcript:
    """The entries of one session.

    Args:
        source: Where they come from.
        session: What else is known about the session.
    """

    def __init__(self, source: Source, session: Session | None) -> None:
        self._source = source
        self._facts = session or from_context(source)
        self._header: dict[str, Any] | None = None
        self._tree = Tree()
        self._steps: list[Step] = []
        self._calls: set[str] = set()
        self._task: Prompt | None = None

    def add(self, record: Record) -> None:
        """Take the next entry."""
        entry = as_object(record.value)
        if entry.get("type") == "session":
            # A second header is a copied one: the first names the session.
            self._header = self._header or entry
            return
        place = self._tree.add(entry)
        if place is None:
            return
        parent = self._tree.parent(place)
        before = self._steps[parent] if parent != ROOT else None
        step = Step(
            native_id=as_text(entry.get("id")) or as_text(entry.get("timestamp")),
            at=clock.instant(entry.get("timestamp")),
            turn=before.turn if before else -1,
            model=before.model if before else self._first_model(),
            record=record,
        )
        self._steps.append(step)
        self._read(step, entry)
        # The entry itself is not needed any more, and may be large.
        step.record = Record(record.source, record.offset, record.length, None)

    def executions(self) -> Iterator[ExecutionDraft]:
        """The session, then each branch of it that was abandoned after the model had answered."""
        session_id, execution_id = self._identity()
        facts = self._facts
        claims = sorted({qualified(PREFIX, name) for name in (session_id, *facts.family, *self._forked_from())})
        for number, places in enumerate(self._tree.branches()):
            run = Run([self._steps[place] for place in places], self._calls)
            if not (run.answered if number else run.began):
                continue
            draft = run.draft(FRAMEWORK, self._source)
            draft.session_id = session_id
            draft.agent_id = facts.agent(self._source.path)
            if draft.started_at is None:
                draft.started_at = clock.instant(as_object(self._header).get("timestamp"))
            if number:
                draft.execution_id = qualified(PREFIX, f"{session_id}~{self._steps[places[0]].native_id or places[0]}")
                draft.parent_execution_id = execution_id
                draft.labels["branch"] = "abandoned"
            else:
                draft.execution_id = execution_id
                run.end(draft, facts.status_at(run.last_answer_at))
                self._relate(draft)
            self._name_task(draft)
            draft.claims = sorted({draft.execution_id, *claims})
            yield draft

    def _read(self, step: Step, entry: dict[str, Any]) -> None:
        match entry.get("type"):
            case "message":
                step.body = self._message(step, as_object(entry.get("message")))
            case "model_change":
                step.model = as_text(entry.get("modelId")) or step.model
            case "compaction":
                step.compacts = True
            case "custom" if entry.get("customType") == _PROMPT_ERROR:
                step.error = as_text(as_object(entry.get("data")).get("error"))

    def _message(self, step: Step, message: dict[str, Any]) -> StepBody:
        at = step.at = step.at if step.at is not None else clock.instant(message.get("timestamp"))
        turn = max(step.turn, 0)
        match message.get("role"):
            case "user":
                prompt = prompt_of(message)
                step.turn += prompt.is_request
                self._task = self._task or (prompt if prompt.is_request else None)
                return prompt
            case "assistant":
                answer = answer_of(message, step.record, at, turn, step.model)
                step.model = answer.model
                self._calls.update(call.native_id for call in answer.calls if call.native_id)
                return answer
            case "toolResult":
                return result_of(message)
            case "custom" if message.get("customType") == _NESTED:
                return self._nested(step, as_object(message.get("details")), turn)
        return None

    def _nested(self, step: Step, details: dict[str, Any], turn: int) -> Nested:
        inner = as_object(details.get("result"))
        draft = decision(details.get("toolName"), details.get("input"), step.record, turn)
        draft.native_id = as_text(details.get("toolCallId"))
        draft.started_at = clock.instant(details.get("startedAt"))
        draft.model = step.model
        shown = {**inner, "toolName": draft.tool, "toolCallId": draft.native_id, "isError": details.get("isError"),
                 "timestamp": details.get("timestamp")}  # fmt: skip
        return Nested(parent_call=as_text(details.get("parentToolCallId")), call=draft, result=result_of(shown))

    def _first_model(self) -> str | None:
        return as_text(as_object(self._header).get("modelId"))

    def _identity(self) -> tuple[str, str]:
        """Session id and execution id.

        A file without a header is what was written after a reset: it goes on under the old session id while the archive
        of the session keeps that id too, so its execution is known by its first entry as well.
        """
        named = self._facts.id or as_text(as_object(self._header).get("id"))
        session_id = named or stem(self._source.name)
        if named is not None or not self._steps:
            return session_id, qualified(PREFIX, session_id)
        return session_id, qualified(PREFIX, f"{session_id}~{self._steps[0].native_id or 'head'}")

    def _forked_from(self) -> list[str]:
        header = as_object(self._header)
        origin = as_text(header.get("parentSession")) or as_text(header.get("branchedFrom"))
        return [stem(origin.replace("\\", "/").rpartition("/")[2])] if origin else []

    def _relate(self, draft: ExecutionDraft) -> None:
        facts = self._facts
        if facts.parent:
            draft.parent_execution_id = qualified(PREFIX, facts.parent)
        if facts.spawned:
            draft.labels["trigger"] = "subagent"
            if facts.label:
                draft.labels["spawn_label"] = facts.label
            if facts.depth is not None:
                draft.labels["spawn_depth"] = str(facts.depth)
        if origin := self._forked_from():
            draft.labels["forked_from"] = origin[0]
        if self._header is None and self._facts.id is None:
            draft.labels["head"] = "missing"

    def _name_task(self, draft: ExecutionDraft) -> None:
        first = self._task
        draft.task_text = draft.task_text or (first.text if first else None)
        if first and first.trigger:
            draft.labels["trigger"] = first.trigger
        job = (first.job if first else None) or self._facts.cron_job()
        if job:
            draft.task_id = f"cron:{job}"
            draft.labels["trigger"] = "cron"
        if first and first.job_name:
            draft.labels["job"] = first.job_name
