"""One path through a transcript as an execution: calls meet their results, polls end what they wait for."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

import msgspec

from soma import clock
from soma.model import DecisionDraft, ExecutionDraft, Status

from .calls import NO_USAGE, Answer, Usage, charge, total
from .prompts import Prompt
from .results import Result
from .waiting import Waiting

_BROKEN = frozenset({"error", "aborted"})
_FINISHED = frozenset({"stop", "length"})
_SESSION_FAILED = frozenset({"failed", "killed", "timeout"})


class Nested(msgspec.Struct, gc=False):
    """A call that ran inside another tool, with its result."""

    parent_call: str | None
    call: DecisionDraft
    result: Result


StepBody: TypeAlias = Prompt | Answer | Result | Nested | None


class Step(msgspec.Struct, gc=False):
    """What one entry means for the run.

    Attributes:
        native_id: The entry's id, or its time where it has none.
        turn: Number of the request in force, from 0; -1 before the first.
        model: Model in force after the entry.
        offset, length: Where the entry stands in the source.
        error: The prompt never reached the model, for this reason.
    """

    native_id: str | None
    at: int | None
    turn: int
    model: str | None
    offset: int
    length: int
    body: StepBody = None
    error: str | None = None
    compacts: bool = False


class Run:
    """Follows one path and pairs calls with results.

    Args:
        steps: The path's own entries, in order.
        known: Ids of all calls of the transcript: a result of one that is not on this path belongs to the shared past.
        source_id: Of the source that the steps were read from.

    Attributes:
        began: Anybody said anything; answered: the model or a tool did.
        last_answer_at: When the last model message was complete.
    """

    def __init__(self, steps: list[Step], known: set[str], source_id: str) -> None:
        self._steps = steps
        self._known = known
        self._source_id = source_id
        self._decisions: list[DecisionDraft] = []
        self._waiting = Waiting()
        self._running: dict[str, DecisionDraft] = {}
        self._broken: set[int] = set()
        self._unsettled: dict[int, tuple[DecisionDraft, bool]] = {}
        self._merged: set[str] = set()
        self._unwritten: Answer | None = None
        self._usages: list[Usage] = []
        self._models: Counter[str] = Counter()
        self._stop: str | None = None
        self._error: str | None = None
        self._errors = 0
        self.answered = False
        self.began = False
        self.last_answer_at: int | None = None
        for step in steps:
            self._take(step)
        for draft, broken in self._unsettled.values():
            if broken or draft.turn in self._broken:
                draft.outcome = "skipped"

    def draft(self, framework: str) -> ExecutionDraft:
        """The execution without identity, relations and task name."""
        times = [step.at for step in self._steps if step.at is not None and step.body is not None]
        texts = (step.body.text for step in self._steps if isinstance(step.body, Prompt))
        sums = total(self._usages)
        first = self._steps[0] if self._steps else None
        draft = ExecutionDraft(
            execution_id="",
            framework=framework,
            task_text=next((text for text in texts if text), None),
            model=self._models.most_common(1)[0][0] if self._models else None,
            started_at=min(times, default=None),
            ended_at=max(times, default=None),
            tokens_in=sums.tokens_in,
            tokens_out=sums.tokens_out,
            tokens_cache_read=sums.cache_read,
            tokens_cache_write=sums.cache_write,
            cost_usd=sums.cost,
            decisions=self._decisions,
            source_id=self._source_id,
            offset=first.offset if first else 0,
            length=first.length if first else 0,
        )
        if compactions := sum(step.compacts for step in self._steps):
            draft.labels["compactions"] = str(compactions)
        if self._errors:
            draft.labels["model_errors"] = str(self._errors)
        return draft

    def end(self, draft: ExecutionDraft, session_status: str | None) -> None:
        """How the run ended: by its last answer, and by what the session index says about it."""
        draft.status = self._status(session_status)
        if self._stop == "error":
            draft.error = self._error
        if self._stop is not None and self._stop not in {"stop", "toolUse"}:
            draft.labels["stop_reason"] = self._stop
        if session_status in _SESSION_FAILED:
            draft.labels["session_status"] = session_status

    def _status(self, session_status: str | None) -> Status:
        if self._stop == "error" or session_status in _SESSION_FAILED:
            return "failed"
        if self._stop == "aborted":
            return "unknown"
        return "completed" if self._stop in _FINISHED or session_status == "done" else "unknown"

    def _take(self, step: Step) -> None:
        if step.error is not None:
            self.began = True
            if self._stop not in _BROKEN:
                self._stop, self._error = "error", step.error
                self._errors += 1
        body = step.body
        if body is None:
            return
        self.began = True
        if isinstance(body, Answer):
            self._take_answer(body, step)
        elif isinstance(body, Result):
            self._take_result(body, step)
        elif isinstance(body, Nested):
            self._take_nested(body)
        elif body.is_request:
            self._stop = self._unwritten = None

    def _take_answer(self, answer: Answer, step: Step) -> None:
        if not answer.of_model:
            return
        self.answered = True
        self.last_answer_at = answer.at
        self._stop = answer.stop
        self._usages.append(answer.usage)
        broken = answer.stop in _BROKEN
        (self._broken.add if broken else self._broken.discard)(max(step.turn, 0))
        if answer.stop == "error":
            self._errors += 1
            self._error = answer.error
        if answer.model:
            self._models[answer.model] += 1
        for call in answer.calls:
            self._decisions.append(call)
            self._unsettled[id(call)] = (call, broken)
            if call.native_id:
                self._waiting.add(call.native_id, call)
        self._unwritten = answer if answer.stop == "toolUse" and not answer.calls else None

    def _take_result(self, result: Result, step: Step) -> None:
        if result.made_up:
            return
        self.answered = True
        call = self._waiting.take(result.call_id)
        if call is None:
            if result.call_id in self._known:
                return
            call = self._orphan(result, step)
        self._settle(call, result)
        if result.tool == "process":
            self._end_process(result)
        elif result.pending and result.process:
            self._running[result.process] = call

    def _settle(self, call: DecisionDraft, result: Result) -> None:
        self._unsettled.pop(id(call), None)
        call.outcome, call.output, call.error = result.outcome, result.output, result.error
        if result.tool == "process" and result.pending:
            # The poll did its work; that the process still runs is its answer.
            call.outcome = "ok"
        own = result.duration_ms
        call.duration_ms = own if own is not None else clock.elapsed_ms(call.started_at, result.at)
        if call.kind == "delegation" and not call.action and result.spawned and result.spawned.startswith("agent:"):
            call.action = f"delegate:{result.spawned.split(':')[1]}"

    def _end_process(self, result: Result) -> None:
        """A poll that saw the end tells how the command ended that an earlier call had started."""
        if result.pending or result.process is None:
            return
        started = self._running.pop(result.process, None)
        if started is not None:
            started.outcome, started.error = result.outcome, result.error

    def _orphan(self, result: Result, step: Step) -> DecisionDraft:
        """A result whose call was never written: the tool does not exist, or the transcript's head is lost."""
        draft = DecisionDraft(
            tool=result.tool, turn=max(step.turn, 0), native_id=result.call_id, model=step.model,
            source_id=self._source_id, offset=step.offset, length=step.length,
        )  # fmt: skip
        if result.call_id and result.at is not None:
            draft.global_id = f"{result.call_id}@{result.at}#result"
        if self._unwritten is not None:
            draft.reasoning, draft.started_at = self._unwritten.reasoning, self._unwritten.at
            charge(draft, self._unwritten.usage)
            self._unwritten.usage = NO_USAGE
        self._decisions.append(draft)
        return draft

    def _take_nested(self, nested: Nested) -> None:
        """The call behind a ``tool_call`` is that decision already; what else ran inside a tool is one of its own."""
        waiting = self._waiting.first(nested.parent_call)
        if waiting is not None and waiting.tool == nested.call.tool and nested.parent_call not in self._merged:
            self._merged.add(nested.parent_call or "")
            return
        self._decisions.append(nested.call)
        self._settle(nested.call, nested.result)
