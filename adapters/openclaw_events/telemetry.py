"""The telemetry plugin's log: starts and ends of tools and turns, with no call ids and, in some forks, no times."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.adapters.openclaw.calls import answer_of, decision
from soma.adapters.openclaw.entries import Message, message_of
from soma.adapters.openclaw.facts import Session
from soma.adapters.openclaw.prompts import prompt_of
from soma.adapters.openclaw.results import result_of
from soma.adapters.openclaw.run import Run, Step, StepBody
from soma.adapters.openclaw.transcript import FRAMEWORK, PREFIX
from soma.identity import digest
from soma.model import DecisionDraft, ExecutionDraft, Outcome
from soma.source import Record
from soma.text import clip

_SHELLS = frozenset({"exec", "bash", "process"})
_ROUTED = "[Inter-session message]"


class Telemetry:
    """All sessions of one log.

    Args:
        first: The first record of the log: with the session key it tells one log's sessions from another's, because
            keys such as ``agent:main:main`` are the same everywhere.
    """

    def __init__(self, first: Record) -> None:
        facts = sorted(as_object(first.value).items())
        self._opening = "\n".join(f"{key}={value}" for key, value in facts if isinstance(value, str | int | float))
        self._sessions: dict[str, _Session] = {}

    def add(self, event: dict[str, Any], record: Record) -> None:
        """Take the next event."""
        key = as_text(event.get("sessionKey")) or ""
        if key not in self._sessions:
            name = digest(f"{self._opening}\n{key}", size=12)
            self._sessions[key] = _Session(f"{PREFIX}:telemetry:{name}", key, record)
        self._sessions[key].add(event, record)

    def executions(self) -> Iterator[ExecutionDraft]:
        """One execution per session key, in the order the log names them."""
        for session in self._sessions.values():
            yield session.draft


class _Session:
    def __init__(self, execution_id: str, key: str, record: Record) -> None:
        self.draft = ExecutionDraft(
            execution_id=execution_id, framework=FRAMEWORK, claims=[execution_id], agent_id=Session(key=key).agent(""),
            labels={"record": "run-log"}, source_id=record.source.source_id, offset=record.offset, length=record.length,
        )  # fmt: skip
        if ":subagent:" in key:
            self.draft.labels["trigger"] = "subagent"
        self._open: dict[str, deque[DecisionDraft]] = defaultdict(deque)
        self._turn = -1
        self._turn_began = 0
        self._twin: Any = None

    def add(self, event: dict[str, Any], record: Record) -> None:
        draft = self.draft
        at = clock.instant(event.get("ts", event.get("timestamp")))
        if at is not None:
            draft.started_at = min(at, draft.started_at if draft.started_at is not None else at)
            draft.ended_at = max(at, draft.ended_at if draft.ended_at is not None else at)
        if at is not None and event.get("type") == "agent.end":
            draft.started_at = _earlier(draft.started_at, at, as_number(event.get("durationMs")))
        draft.agent_id = draft.agent_id or as_text(event.get("agentId")) or ""
        draft.session_id = draft.session_id or as_text(event.get("sessionId"))
        twin, self._twin = self._twin, None
        match event.get("type"):
            case "agent.start":
                self._begin_turn(event, twin)
            case "tool.start":
                self._begin_call(event, record, at)
            case "tool.end":
                self._end_call(event, record, at)
            case "agent.end":
                self._end_turn(event, record)

    def _begin_turn(self, event: dict[str, Any], twin: Any) -> None:
        # Written twice per turn: without the messages, then with them.
        if twin is not None and "messages" in event and twin == (event.get("prompt"),):
            return
        if "messages" not in event:
            self._twin = (event.get("prompt"),)
        self.draft.status = "unknown"
        self._turn_began = len(self.draft.decisions)
        text = as_text(event.get("prompt")) or ""
        prompt = prompt_of(Message(role="user", content=text))
        if not prompt.is_request or text.startswith(_ROUTED):
            return
        self._turn += 1
        self.draft.task_text = self.draft.task_text or prompt.text
        if prompt.trigger:
            self.draft.labels.setdefault("trigger", prompt.trigger)
        if prompt.job and self.draft.task_id is None:
            self.draft.task_id = f"cron:{prompt.job}"

    def _begin_call(self, event: dict[str, Any], record: Record, at: int | None) -> None:
        call = decision(event.get("toolName"), event.get("params"), record, max(self._turn, 0))
        call.started_at = at
        self.draft.decisions.append(call)
        self._open[_name(event)].append(call)

    def _end_call(self, event: dict[str, Any], record: Record, at: int | None) -> None:
        lasted = as_number(event.get("durationMs"))
        waiting = self._open[_name(event)]
        if waiting:
            call = waiting.popleft()
        else:
            # The log began while the tool ran.
            call = decision(event.get("toolName"), None, record, max(self._turn, 0))
            self.draft.decisions.append(call)
        call.duration_ms = lasted if lasted is not None and lasted >= 0 else clock.elapsed_ms(call.started_at, at)
        call.outcome = _outcome(event, call.tool)
        if call.outcome == "failed":
            error = as_text(event.get("error"))
            call.error = clip(error) if error else None

    def _end_turn(self, event: dict[str, Any], record: Record) -> None:
        draft = self.draft
        if isinstance(event.get("success"), bool):
            draft.status = "completed" if event["success"] else "failed"
            draft.error = None if event["success"] else as_text(event.get("error"))
        told = _told(as_list(event.get("messages")), record)
        if told is None:
            return
        draft.model = draft.model or told.model
        for name in ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write", "cost_usd"):
            value = getattr(told, name)
            if value is not None:
                setattr(draft, name, (getattr(draft, name) or 0) + value)
        left = list(told.decisions)
        for call in draft.decisions[self._turn_began :]:
            twin = next((item for item in left if _same(item, call)), None)
            if twin is not None:
                left.remove(twin)
                _learn(call, twin)
        self._turn_began = len(draft.decisions)


def _told(messages: list[Any], record: Record) -> ExecutionDraft | None:
    """The turn that messages end with, read as the transcript they are; the messages before it are other turns'."""
    found = [as_object(message) for message in messages]
    start = max((place for place, message in enumerate(found) if message.get("role") == "user"), default=-1)
    bodies: list[StepBody] = []
    for message in found[start + 1 :]:
        match message.get("role"):
            case "assistant":
                bodies.append(answer_of(message_of(message), record, None, 0, None))
            case "toolResult":
                bodies.append(result_of(message_of(message)))
    steps = [Step(None, None, 0, None, record.offset, record.length, body) for body in bodies]
    return Run(steps, set(), record.source.source_id).draft(FRAMEWORK) if steps else None


def _learn(call: DecisionDraft, told: DecisionDraft) -> None:
    call.native_id, call.reasoning, call.model = told.native_id, told.reasoning, told.model
    call.tokens_in, call.tokens_out, call.cost_usd = told.tokens_in, told.tokens_out, told.cost_usd
    call.output = told.output
    if told.outcome not in {"unknown", "skipped"}:
        call.outcome, call.error = told.outcome, told.error


def _same(told: DecisionDraft, call: DecisionDraft) -> bool:
    try:
        return told.tool == call.tool and bool(told.arguments == call.arguments)
    except RecursionError:
        return False


def _outcome(event: dict[str, Any], tool: str) -> Outcome:
    success = event.get("success")
    if success is False:
        return "failed"
    # A command that fails comes back just as well.
    return "ok" if success is True and tool not in _SHELLS else "unknown"


def _earlier(started: int | None, ended: int, lasted: float | None) -> int | None:
    """When a turn began that lasted so many milliseconds, if that is before what else is known."""
    if lasted is None or lasted < 0:
        return started
    began = clock.plausible(ended - int(lasted * 1000))
    return began if began is not None and (started is None or began < started) else started


def _name(event: dict[str, Any]) -> str:
    return as_text(event.get("toolName")) or ""
