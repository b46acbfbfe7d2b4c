"""One thread as an execution: what rollouts and streams have in common."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from soma import clock, codec, identity
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Record
from soma.text import clip

from .results import Result
from .usage import Spent

FRAMEWORK = "codex"
PREFIX = "cx"
_RANDOM_ID = 16  # the ids of some model servers are counters: call_0 of two threads is not one call

_Last = Literal["", "begun", "call", "answer", "finished", "aborted", "failed"]
_Why = Literal["event", "summary", "text"]


def thread_key(thread_id: str) -> str:
    """Execution id of a thread."""
    return identity.qualified(PREFIX, thread_id)


def content_key(record: Record) -> str:
    """Execution id of a thread whose beginning, and with it its name, is missing."""
    return identity.qualified(PREFIX, "part-" + identity.digest(codec.encode(record.value), size=12))


class Run:
    """The execution of one thread while it is read.

    Attributes:
        draft: What is known so far.
        turns: Requests of the user.
        model: The model that makes the choices at this point.
    """

    def __init__(self, execution_id: str, session_id: str | None, record: Record) -> None:
        self.draft = ExecutionDraft(
            execution_id=execution_id, framework=FRAMEWORK, session_id=session_id, claims=[execution_id],
            source_id=record.source.source_id, offset=record.offset, length=record.length,
        )  # fmt: skip
        self.turns = 0
        self.model: str | None = None
        self.counts: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._open: dict[int, DecisionDraft] = {}
        self._last: _Last = ""
        self._answers = 0
        self._marked = False  # the thread says itself when a turn begins and ends
        self._why: dict[_Why, list[str]] = {"event": [], "summary": [], "text": []}
        self._acted = self._answered = False
        self._unpaid: DecisionDraft | None = None
        self._unspent: Spent | None = None

    def seen(self, at: int | None) -> None:
        """Something happened at that time."""
        if at is not None:
            draft = self.draft
            draft.started_at = at if draft.started_at is None else min(at, draft.started_at)
            draft.ended_at = at if draft.ended_at is None else max(at, draft.ended_at)

    def begin(self) -> None:
        """The thread says that a turn begins."""
        self._marked = True
        self._last = "begun"
        self.part()

    def prompt(self, text: str | None) -> None:
        """The user asks for something."""
        self.turns += 1
        self._last = "begun"
        self.draft.task_text = self.draft.task_text or text or None
        self._open.clear()
        self.part()

    def part(self) -> None:
        """Another model call follows: what was thought and spent before is not its own."""
        self._unpaid = self._unspent = None
        self._forget()

    def uses(self, model: str) -> None:
        """From here on this model chooses."""
        self.model = model
        self._models[model] += 1

    def think(self, kind: _Why, text: str) -> None:
        """Something the agent says before it acts."""
        if self._acted or self._answered:
            self._forget()
        self._why[kind].append(clip(text))

    def say(self, text: str, final: bool = True) -> None:
        """The agent speaks to the user."""
        self.think("text", text)
        self._answers += 1
        self._last = "answer" if final else "call"

    def call(self, record: Record, tool: str, arguments: Any, native_id: str | None, at: int | None) -> DecisionDraft:
        """The agent makes a call."""
        if self._answered:
            self._forget()
        why = self._why["event"] or self._why["summary"] or self._why["text"]
        decision = DecisionDraft(
            tool=tool, arguments=clip(arguments) if isinstance(arguments, str) else arguments,
            reasoning="\n".join(why) or None, started_at=at, model=self.model, turn=max(self.turns - 1, 0),
            native_id=native_id, kind="delegation" if tool == "spawn_agent" else "tool_choice",
            source_id=record.source.source_id, offset=record.offset, length=record.length,
        )  # fmt: skip
        if native_id is not None and len(native_id) >= _RANDOM_ID:
            decision.global_id = identity.qualified(PREFIX, native_id)
        self.draft.decisions.append(decision)
        self._open[id(decision)] = decision
        self._acted = True
        self._last = "call"
        if self._unspent is not None:
            self._unspent.on_decision(decision)
            self._unspent = None
        elif self._unpaid is None:
            self._unpaid = decision
        return decision

    def conclude(self, decision: DecisionDraft, result: Result, at: int | None = None) -> None:
        """A call is answered."""
        told = decision.outcome
        self._open.pop(id(decision), None)
        # Whatever says that something went wrong is believed before a text that merely does not.
        decision.outcome = told if told != "unknown" and result.outcome in ("ok", "unknown") else result.outcome
        decision.output = clip(result.text)
        decision.error = decision.output or None if decision.outcome in ("failed", "timeout", "skipped") else None
        if result.duration_ms is not None:
            decision.duration_ms = result.duration_ms
        elif decision.duration_ms is None:
            # Older versions write a call and its answer together, when both are over: no time lies between the lines.
            decision.duration_ms = clock.elapsed_ms(decision.started_at, at) or None
        self._unpaid = None
        self._answered = True

    def settle(self, decision: DecisionDraft, result: Result) -> None:
        """An event tells how a call went; its answer may still follow."""
        self._open.pop(id(decision), None)
        decision.outcome = result.outcome
        decision.duration_ms = result.duration_ms

    def spend(self, spent: Spent) -> None:
        """A model call is accounted for: before its calls are written (older versions) or after."""
        spent.on_execution(self.draft)
        if self._unpaid is not None:
            spent.on_decision(self._unpaid)
            self._unpaid = None
        else:
            self._unspent = spent

    def finish(self) -> None:
        """The turn is over."""
        self._marked = True
        if self._last != "failed":
            self._last = "finished"

    def abort(self) -> None:
        """The user stopped the turn."""
        self._last = "aborted"
        for decision in self._open.values():
            decision.outcome = "skipped"
        self._open.clear()

    def fail(self, message: str | None) -> None:
        """The turn broke."""
        self._last = "failed"
        self.draft.error = message

    def finished(self) -> ExecutionDraft | None:
        """The execution, once all lines are read; ``None`` when nothing happened in it."""
        draft = self.draft
        if not (draft.decisions or self.turns or self._answers):
            return None
        draft.model = min(self._models, key=lambda name: (-self._models[name], name), default=None)
        if self._last == "failed":
            draft.status = "failed"
        elif self._last == "finished" or (self._last == "answer" and not self._marked and not self._open):
            draft.status = "completed"
        if draft.status != "failed":
            draft.error = None
        if self._last == "aborted":
            draft.labels["ended"] = "interrupted"
        counts = {"turns": self.turns, "compactions": self.counts["compactions"]}
        draft.labels.update((name, str(count)) for name, count in counts.items() if count)
        return draft

    def _forget(self) -> None:
        for texts in self._why.values():
            texts.clear()
        self._acted = self._answered = False
