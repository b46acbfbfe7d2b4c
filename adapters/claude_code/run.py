"""One track as an execution: its decisions in order, what they cost, how it ended."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Any, Literal

from soma import clock, identity
from soma.adapters.blocks.document import as_object, as_text
from soma.model import DecisionDraft, ExecutionDraft

from .family import PREFIX, Entry, Session, session_key
from .ledger import Ledger, Spending, arguments_of
from .lines import Block, Line, Message
from .prompts import Said
from .results import Result
from .tracks import Track

FRAMEWORK = "claude-code"
DELEGATING = ("Task", "Agent")
GENERAL = "general"
_SYNTHETIC = "<synthetic>"
_FINISHED = ("end_turn", "stop_sequence")

_Last = Literal["", "prompt", "interruption", "answer", "finished", "api error"]


def run_of(track: Track, ledger: Ledger) -> ExecutionDraft | None:
    """The execution of a track; ``None`` when nothing happened in it: no request, no answer, no call."""
    run = _Run(track, ledger)
    for entry, word in zip(track.entries, track.said, strict=True):
        run.take(entry, word)
    return run.finished()


def execution_id(track: Track) -> str:
    """``cc:<session>`` for the conversation, ``cc:<session>~<suffix>`` for what goes on beside it."""
    session_id = track.session.session_id
    return identity.qualified(PREFIX, f"{session_id}~{track.suffix}") if track.suffix else session_key(session_id)


def subagent_type(arguments: Any) -> str:
    """The type of sub-agent a delegation asks for; ``general`` when it names none."""
    return as_text(as_object(arguments).get("subagent_type")) or GENERAL


class _Run:
    """The state of reading one track."""

    def __init__(self, track: Track, ledger: Ledger) -> None:
        self._track = track
        self._ledger = ledger
        self._spending = Spending()
        first = track.entries[0]
        self._draft = ExecutionDraft(
            execution_id=execution_id(track), framework=FRAMEWORK, session_id=track.session.session_id,
            source_id=first.source.source_id, offset=first.offset, length=first.length,
        )  # fmt: skip
        self._turns = 0
        self._answers = 0
        self._models: Counter[str] = Counter()
        self._thoughts: dict[tuple[str, str], list[str]] = {}
        self._texts: dict[tuple[str, str], list[str]] = {}
        self._pending: list[DecisionDraft] = []  # calls of the current request that have no result
        self._last: _Last = ""
        self._counts: Counter[str] = Counter()

    def take(self, entry: Entry, word: Said) -> None:
        """Read the next line."""
        line = entry.line
        if line.type == "assistant" and line.message is not None:
            self._answer(entry, line, line.message)
        elif line.type == "user":
            self._user(entry, word)
        elif line.subtype == "compact_boundary":
            self._counts["boundary"] += 1

    def finished(self) -> ExecutionDraft | None:
        """The execution, once all lines are read."""
        draft, track = self._draft, self._track
        worked = bool(draft.decisions or self._answers)
        if not worked and (track.parent is not None or not self._turns):
            return None
        self._spending.settle(draft)
        draft.model = min(self._models, key=lambda name: (-self._models[name], name), default=None)
        if track.parent is not None:
            draft.parent_execution_id = execution_id(track.parent)
        elif track.side:
            draft.parent_execution_id = session_key(track.session.session_id)
        elif track.session.resumed_from:
            draft.parent_execution_id = session_key(track.session.resumed_from)
        if self._last == "api error":
            draft.status = "failed"
        elif self._last == "finished" and not self._pending:
            draft.status = "completed"
        if draft.status != "failed":
            draft.error = None
        draft.labels = self._labels()
        draft.agent_id = "" if track.side else _project(track.session)
        draft.claims = sorted({draft.execution_id, *track.session.claims})
        return draft

    def _answer(self, entry: Entry, line: Line, message: Message) -> None:
        key = (message.id, line.request_id or "") if message.id else (entry.key, "")
        if not self._ledger.owns(self._track, key):
            return
        if key not in self._thoughts:
            self._thoughts[key], self._texts[key] = [], []
            self._answers += 1
            if message.model and message.model != _SYNTHETIC:
                self._models[message.model] += 1
        self._when(entry)
        self._last = "finished" if message.stop_reason in _FINISHED else "answer"
        self._spending.see(key, line)
        blocks = [Block("text", message.content)] if isinstance(message.content, str) else message.content or []
        for block in blocks:
            if block.type == "thinking" and as_text(block.thinking):
                self._thoughts[key].append(block.thinking)
            elif block.type == "text" and as_text(block.text):
                self._texts[key].append(block.text)
            elif block.type == "tool_use":
                self._call(entry, block, key, message.model)
        if line.is_api_error_message:
            self._last = "api error"
            self._draft.error = "\n".join(self._texts[key]) or None

    def _call(self, entry: Entry, block: Block, key: tuple[str, str], model: str | None) -> None:
        call_id = as_text(block.id)
        if call_id is not None:
            if call_id in self._ledger.taken:
                return
            self._ledger.taken.add(call_id)
        arguments = arguments_of(block.input)
        tool = as_text(block.name) or "unknown"
        decision = self._decision(entry, call_id, tool)
        decision.arguments = arguments
        decision.model = model if model != _SYNTHETIC else None
        decision.reasoning = "\n".join(self._thoughts[key] or self._texts[key]) or None
        decision.started_at = entry.at
        if tool in DELEGATING:
            decision.kind, decision.role = "delegation", "delegate"
            decision.action = f"delegate:{subagent_type(arguments)}"
        self._spending.decided(key, decision)
        result = self._ledger.results.get(call_id) if call_id else None
        if result is None:
            self._pending.append(decision)
        else:
            _conclude(decision, result)

    def _user(self, entry: Entry, word: Said) -> None:
        for call_id, result in entry.results:
            self._when(entry)
            if call_id not in self._ledger.called and call_id not in self._ledger.taken:
                # The call stands in a part of the session that is missing; that it was made and how it went is known.
                self._ledger.taken.add(call_id)
                _conclude(self._decision(entry, call_id, "unknown"), result)
        if entry.line.is_compact_summary:
            self._counts["summary"] += 1
        if word.kind == "prompt":
            self._when(entry)
            self._turns += 1
            self._last = "prompt"
            self._pending.clear()
            self._draft.task_text = self._draft.task_text or word.text
        elif word.kind == "interruption":
            self._when(entry)
            self._last = "interruption"
            for decision in self._pending:
                decision.outcome = "skipped"
            self._pending.clear()
        elif word.kind == "command" and word.text.split(" ", 1)[0] == "/clear" and (self._turns or self._answers):
            self._counts["clear"] += 1

    def _decision(self, entry: Entry, call_id: str | None, tool: str) -> DecisionDraft:
        decision = DecisionDraft(
            tool=tool, native_id=call_id, global_id=identity.qualified(PREFIX, call_id) if call_id else None,
            turn=max(self._turns - 1, 0), source_id=entry.source.source_id,
            offset=entry.offset, length=entry.length,
        )  # fmt: skip
        self._draft.decisions.append(decision)
        return decision

    def _when(self, entry: Entry) -> None:
        at, draft = entry.at, self._draft
        if at is not None:
            if draft.started_at is None or at < draft.started_at:
                draft.started_at = at
            if draft.ended_at is None or at > draft.ended_at:
                draft.ended_at = at

    def _labels(self) -> dict[str, str]:
        labels: dict[str, str] = {}
        for name in ("cwd", "version", "git_branch", "slug"):
            if (value := _first(self._track.entries, name)) is not None:
                labels[name] = value
        # One compaction is written as a boundary, as a summary, or as both.
        counts = {
            "turns": self._turns,
            "compactions": max(self._counts["boundary"], self._counts["summary"]),
            "clears": self._counts["clear"],
        }
        labels.update((name, str(count)) for name, count in counts.items() if count)
        if self._last == "interruption":
            labels["ended"] = "interrupted"
        if self._track.parent is not None:
            labels["branch"] = "abandoned"
        elif not self._track.side and self._track.session.resumed_from:
            labels["resumed_from"] = self._track.session.resumed_from
        return labels


def _first(entries: list[Entry], name: str) -> str | None:
    """The first value of a field that is there."""
    of = attrgetter(name)
    return next((value for entry in entries if (value := of(entry.line))), None)


def _conclude(decision: DecisionDraft, result: Result) -> None:
    decision.outcome = result.outcome
    decision.output = result.text
    if result.outcome != "ok":
        decision.error = result.text or None
    decision.duration_ms = result.duration_ms
    if decision.duration_ms is None:
        decision.duration_ms = clock.elapsed_ms(decision.started_at, result.at)


def _project(session: Session) -> str:
    """The folder the session was started in: its first line tells, later ones follow every ``cd``."""
    cwd = next((entry.line.cwd for entry in session.entries if entry.line.cwd and not entry.side), "")
    name = cwd.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return "" if name.endswith(":") else name
