"""One session from its entries: collects them as they stream by, then tells the executions they make."""

from __future__ import annotations

from collections.abc import Iterator

from soma import clock
from soma.adapters.blocks.document import as_object, as_text
from soma.identity import qualified
from soma.model import ExecutionDraft
from soma.source import Record, Source

from .calls import answer_of, decision
from .companions import stem
from .entries import NOTHING, Details, Entry, Message, content_of, details_of, entry_of
from .facts import Session, from_context
from .prompts import Prompt, prompt_of
from .results import NO_DETAILS, result_of
from .run import Nested, Run, Step, StepBody
from .tree import ROOT, Tree

FRAMEWORK = "openclaw"
PREFIX = "oc"
_NESTED = "openclaw.nested-tool.v1"
_PROMPT_ERROR = "openclaw:prompt-error"
_TOLD = Step(None, None, -1, None, 0, 0)
"""What stands for a step once it is told."""


class Transcript:
    """The entries of one session.

    Args:
        source: Where they come from.
        session: What else is known about the session.
    """

    def __init__(self, source: Source, session: Session | None) -> None:
        self._source = source
        self._facts = session or from_context(source)
        self._header: Entry | None = None
        self._tree = Tree()
        self._steps: list[Step] = []
        self._calls: set[str] = set()
        self._task: Prompt | None = None

    def add(self, record: Record) -> None:
        """Take the next entry."""
        entry = record.value if isinstance(record.value, Entry) else entry_of(record.value)
        if entry.type == "session":
            # A second header is a copied one: the first names the session.
            self._header = self._header or entry
            return
        place = self._tree.add(entry)
        if place is None:
            return
        parent = self._tree.parent(place)
        before = self._steps[parent] if parent != ROOT else None
        step = Step(
            entry.id or as_text(entry.timestamp),
            clock.instant(entry.timestamp),
            before.turn if before else -1,
            before.model if before else self._first_model(),
            record.offset,
            record.length,
        )
        self._steps.append(step)
        match entry.type:
            case "message":
                step.body = self._message(step, entry.message or NOTHING, record)
            case "model_change":
                step.model = entry.model_id or step.model
            case "compaction":
                step.compacts = True
            case "custom" if entry.custom_type == _PROMPT_ERROR:
                step.error = as_text(as_object(entry.data).get("error"))

    def executions(self) -> Iterator[ExecutionDraft]:
        """The session, then each branch of it that was abandoned after the model had answered; told once."""
        session_id, execution_id = self._identity()
        claims = sorted({qualified(PREFIX, name) for name in (session_id, *self._facts.family, *self._forked_from())})
        branches = self._tree.branches()
        # Whoever takes the drafts needs the room that entries took.
        self._tree = Tree()
        for number, places in enumerate(branches):
            draft = self._execution(places, session_id, execution_id if number else None)
            if draft is None:
                continue
            if not number:
                draft.execution_id = execution_id
            draft.claims = sorted({draft.execution_id, *claims})
            yield draft

    def _execution(self, places: list[int], session_id: str, main: str | None) -> ExecutionDraft | None:
        """One path as an execution, beside ``main`` where it was abandoned; ``None`` where nothing happened on it."""
        steps = [self._steps[place] for place in places]
        for place in places:
            self._steps[place] = _TOLD
        facts = self._facts
        run = Run(steps, self._calls, self._source.source_id)
        if not (run.began if main is None else run.answered):
            return None
        draft = run.draft(FRAMEWORK)
        draft.session_id = session_id
        draft.agent_id = facts.agent(self._source.path)
        if draft.started_at is None:
            draft.started_at = clock.instant(self._header.timestamp) if self._header else None
        if main is not None:
            draft.execution_id = qualified(PREFIX, f"{session_id}~{steps[0].native_id or places[0]}")
            draft.parent_execution_id = main
            draft.labels["branch"] = "abandoned"
        else:
            run.end(draft, facts.status_at(run.last_answer_at))
            self._relate(draft)
        self._name_task(draft)
        return draft

    def _message(self, step: Step, message: Message, record: Record) -> StepBody:
        if step.at is None:
            step.at = clock.instant(message.timestamp)
        match message.role:
            case "assistant":
                answer = answer_of(message, record, step.at, max(step.turn, 0), step.model)
                step.model = answer.model
                for call in answer.calls:
                    if call.native_id:
                        self._calls.add(call.native_id)
                return answer
            case "toolResult":
                return result_of(message)
            case "user":
                prompt = prompt_of(message)
                step.turn += prompt.is_request
                self._task = self._task or (prompt if prompt.is_request else None)
                return prompt
            case "custom" if message.custom_type == _NESTED:
                return self._nested(step, message.details or NO_DETAILS, record)
        return None

    def _nested(self, step: Step, details: Details, record: Record) -> Nested:
        inner = as_object(details.result)
        draft = decision(details.tool_name, details.input, record, max(step.turn, 0))
        draft.native_id = as_text(details.tool_call_id)
        draft.started_at = clock.instant(details.started_at)
        draft.model = step.model
        shown = Message(
            content=content_of(inner.get("content")), details=details_of(as_object(inner.get("details"))),
            tool_name=draft.tool, tool_call_id=draft.native_id, is_error=details.is_error, timestamp=details.timestamp,
        )  # fmt: skip
        return Nested(parent_call=as_text(details.parent_tool_call_id), call=draft, result=result_of(shown))

    def _first_model(self) -> str | None:
        return (self._header.model_id or None) if self._header else None

    def _identity(self) -> tuple[str, str]:
        """Session id and execution id.

        A file without a header is what was written after a reset: it goes on under the old session id while the archive
        of the session keeps that id too, so its execution is known by its first entry as well.
        """
        named = self._facts.id or ((self._header.id or None) if self._header else None)
        session_id = named or stem(self._source.name)
        if named is not None or not self._steps:
            return session_id, qualified(PREFIX, session_id)
        return session_id, qualified(PREFIX, f"{session_id}~{self._steps[0].native_id or 'head'}")

    def _forked_from(self) -> list[str]:
        header = self._header
        origin = (header.parent_session or header.branched_from) if header else None
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
