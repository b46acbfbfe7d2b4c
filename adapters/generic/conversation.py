"""From messages to decisions: every tool call is one, and the result that belongs to it says how it went."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from soma.clock import elapsed_ms
from soma.model import DecisionDraft, Outcome, Status
from soma.text import clip

from .messages import Call, Result, Said, json_text, said
from .outcomes import judge
from .run_id import is_unique
from .usage import Tokens, tokens_of

Judge = Callable[[Result], tuple[Outcome, str | None]]


class _Open(msgspec.Struct):
    """A call that waits for its result."""

    decision: DecisionDraft
    call_id: str | None
    group: int
    closed: bool = False


_REMEMBERED = 64
"""How many unanswered calls of earlier messages a result without an id is compared with."""


class Conversation:
    """Takes the messages of one conversation in their order and holds what becomes of them.

    Attributes:
        decisions: The tool calls so far.
        orphans: Results that belong to no call.
        strange: Items that are no messages.
        opening: Digest over the messages up to and including the first of the agent; it stays when the file grows.
        unique: Whether the opening holds an id that only this run can have (an id of a call or of a message).
        unique_anywhere: Whether any message of the agent does.
        passed: Digests over the messages up to each one, from the first that is unique: a conversation whose content is
            among them is an earlier state of this one.
    """

    def __init__(self, source_id: str, judge_result: Judge = judge) -> None:
        self.decisions: list[DecisionDraft] = []
        self.orphans = 0
        self.strange = 0
        self.messages = 0
        self.first_request: str | None = None
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.model: str | None = None
        self.tokens = Tokens()
        self.cost: float | None = None
        self.names: set[str] = set()
        self.opening = ""
        self.passed: set[str] = set()
        self.unique = False
        self.unique_anywhere = False
        self._source_id = source_id
        self._judge = judge_result
        self._hash = hashlib.blake2b(digest_size=12)
        self._requests = 0
        self._by_id: dict[str, list[_Open]] = {}
        self._current: list[_Open] = []
        self._earlier: deque[_Open] = deque(maxlen=_REMEMBERED)
        self._group = 0
        self._native: set[str] = set()
        self._counted: set[str] = set()
        self._thought: list[str] = []
        self._last: Said | None = None

    def add(self, message: Any, offset: int, length: int) -> None:
        """Take the next message, which lies at these bytes."""
        turn = said(message)
        if turn is None:
            self.strange += 1
            return
        self.messages += 1
        self._note(turn)
        for result in turn.results:
            self._close(result, turn.time)
        if turn.role == "user" and not (turn.results and not turn.text.strip()):
            self._requests += 1
            self._thought = []
            if self.first_request is None:
                self.first_request = turn.text or None
        elif turn.role == "assistant":
            self._decide(turn, offset, length)
        self._digest(turn)
        self._last = turn

    @property
    def content(self) -> str:
        """Digest over all messages."""
        return self._hash.hexdigest()

    @property
    def status(self) -> Status:
        """``completed`` when the agent has the last word and waits for no result."""
        last = self._last
        ended = last is not None and last.role == "assistant" and not last.calls and last.text
        return "completed" if ended else "unknown"

    def _note(self, turn: Said) -> None:
        if turn.time is not None:
            self.started_at = turn.time if self.started_at is None else min(self.started_at, turn.time)
            self.ended_at = turn.time if self.ended_at is None else max(self.ended_at, turn.time)
        if turn.role == "assistant":
            self.model = self.model or turn.model
            if turn.name and not turn.item:
                self.names.add(turn.name)

    def _decide(self, turn: Said, offset: int, length: int) -> None:
        if not turn.item:
            self._thought = []
        self._thought += [text for text in (turn.thinking, turn.text) if text.strip()]
        tokens, cost = self._spent(turn)
        if turn.calls and not (turn.item and self._last is not None and self._last.item and self._last.calls):
            self._group += 1
            self._earlier += (waiting for waiting in self._current if not waiting.closed)
            self._current = []
        reasoning = "\n\n".join(self._thought) or None
        for call in turn.calls:
            decision = DecisionDraft(
                tool=call.tool, arguments=call.arguments, reasoning=reasoning, started_at=turn.time, model=turn.model,
                turn=max(self._requests - 1, 0), native_id=self._native_id(call),
                tokens_in=tokens.input, tokens_out=tokens.output, cost_usd=cost,
                source_id=self._source_id, offset=offset, length=length,
            )  # fmt: skip
            tokens, cost = Tokens(), None
            self.decisions.append(decision)
            waiting = _Open(decision, call.call_id, self._group)
            if call.result is not None:
                self._settle(waiting, call.result, None)
            else:
                self._current.append(waiting)
                if call.call_id is not None:
                    self._by_id.setdefault(call.call_id, []).append(waiting)

    def _spent(self, turn: Said) -> tuple[Tokens, float | None]:
        # One model message may be written as several; its usage is the same in all of them.
        if turn.message_id is not None and turn.message_id in self._counted:
            return Tokens(), None
        if turn.message_id is not None and (turn.usage or turn.cost is not None):
            self._counted.add(turn.message_id)
        tokens = tokens_of(turn.usage)
        self.tokens.add(tokens)
        if turn.cost is not None and turn.cost >= 0:
            self.cost = turn.cost + (self.cost or 0.0)
            return tokens, turn.cost
        return tokens, None

    def _native_id(self, call: Call) -> str | None:
        """The call's id, unless another call of this conversation has it already."""
        if call.call_id is None or call.call_id in self._native:
            return None
        self._native.add(call.call_id)
        return call.call_id

    def _close(self, result: Result, time: int | None) -> None:
        self._thought = []
        waiting = self._match(result)
        if waiting is None:
            self.orphans += 1
            return
        waiting.closed = True
        self._settle(waiting, result, time)

    def _match(self, result: Result) -> _Open | None:
        """The call a result answers: by id, in the latest message that used it; without one by name, then by order."""
        if result.call_id is not None:
            same = [waiting for waiting in self._by_id.get(result.call_id, ()) if not waiting.closed]
            if same:
                return next(waiting for waiting in same if waiting.group == same[-1].group)
        near = [waiting for waiting in self._current if not waiting.closed]
        far = [waiting for waiting in reversed(self._earlier) if not waiting.closed]
        if result.call_id is not None and result.named:
            near, far = ([waiting for waiting in some if waiting.call_id is None] for some in (near, far))
        named = (waiting for waiting in (*near, *far) if waiting.decision.tool == result.tool)
        return next(named, None) or next(iter(near), None)

    def _settle(self, waiting: _Open, result: Result, time: int | None) -> None:
        decision = waiting.decision
        decision.outcome, error = self._judge(result)
        decision.error = clip(error) if error else error
        decision.output = clip(result.text)
        decision.duration_ms = result.duration_ms
        if decision.duration_ms is None:
            decision.duration_ms = elapsed_ms(decision.started_at, time)

    def _digest(self, turn: Said) -> None:
        parts = [turn.role, turn.text, turn.thinking]
        for call in turn.calls:
            parts += (call.tool, call.call_id or "", json_text(call.arguments))
        for result in turn.results:
            parts += (result.call_id or "", result.text)
        if turn.time is not None:
            parts.append(str(turn.time))
        self._hash.update("\x1f".join(parts).encode("utf-8", errors="replace") + b"\x1e")
        ids = (turn.message_id, *(call.call_id for call in turn.calls))
        unique = turn.role == "assistant" and any(is_unique(text) for text in ids)
        self.unique_anywhere = self.unique_anywhere or unique
        if turn.role == "assistant" and not self.opening:
            self.opening, self.unique = self.content, unique
        if self.unique_anywhere:
            self.passed.add(self.content)
