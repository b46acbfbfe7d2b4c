"""Conversations to executions. Pure: what lies in the records is all it knows."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from soma import identity
from soma.adapters.contract import Yield
from soma.model import ExecutionDraft
from soma.source import Damage, Record, Source

from . import groupchat, intercode, tau
from .conversation import Conversation
from .facts import ENVELOPE, Facts, facts_of, session_of, spelled
from .read import Located
from .run_id import content_id, is_unique, own_id, placed_id
from .shapes import Chat, Entry, Group, Lone, is_tau
from .usage import tokens_of

_HELD = 64


class _Run(msgspec.Struct):
    """A conversation that is being read or was read, with what is known around it."""

    source: Source
    facts: Facts
    conversation: Conversation
    offset: int
    length: int
    growing: bool = False
    tau_run: dict[str, Any] | None = None


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Drafts of every run in the records.

    A conversation is held back a little: when a later one of the same source continues it (logs that repeat the whole
    conversation with every request), only the longest is a run.
    """
    reader: _Reader | None = None
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        if reader is None or reader.source is not record.source:
            if reader is not None:
                yield from reader.finish()
            reader = _Reader(record.source)
        yield from reader.take(record)
    if reader is not None:
        yield from reader.finish()


class _Reader:
    """The runs of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lone: dict[str | None, _Run] = {}
        self._held: deque[_Run] = deque()
        self._placed: Counter[str] = Counter()
        self._owners: dict[str, str] = {}

    def take(self, record: Record) -> Iterator[Yield]:
        """The drafts that one more record completes."""
        located = record.value
        if not isinstance(located, Located):
            return
        found = located.found
        if isinstance(found, Entry):
            yield intercode.execution(record, found)
        elif isinstance(found, Group):
            yield groupchat.execution(record, found, located.spans)
        elif isinstance(found, Lone):
            self._continue(record, found)
        else:
            self._hold(_run_of(record, found, located))
            if len(self._held) > _HELD:
                yield from self._draft(self._held.popleft())

    def finish(self) -> Iterator[Yield]:
        """What is left when the source ends."""
        for run in (*self._held, *self._lone.values()):
            yield from self._draft(run)

    def _continue(self, record: Record, lone: Lone) -> None:
        session = session_of(lone.envelope)
        run = self._lone.get(session)
        if run is None:
            facts = facts_of(({key: value for key, value in lone.envelope.items() if spelled(key) in ENVELOPE},))
            run = _Run(
                self.source, facts, Conversation(self.source.source_id), record.offset, record.length, growing=True
            )
            run.facts.run = session
            run.facts.session = session
            self._lone[session] = run
        run.conversation.add(_timed(lone), record.offset, record.length)

    def _hold(self, run: _Run) -> None:
        for other in self._held:
            if _continues(other, run):
                return
        self._held = deque(other for other in self._held if not _continues(run, other))
        self._held.append(run)

    def _draft(self, run: _Run) -> Iterator[Yield]:
        talk, facts = run.conversation, run.facts
        if talk.orphans or talk.strange:
            yield Damage(source_id=self.source.source_id, offset=run.offset, length=run.length, reason=_missing(talk))
        if not talk.messages and run.tau_run is None:
            return
        prefix, framework = ("chat", "generic") if run.tau_run is None else ("tau", "tau-bench")
        execution_id = identity.qualified(prefix, self._native(run))
        task = facts.task if run.tau_run is None else tau.task_of(facts, run.tau_run)
        status = facts.status if facts.status != "unknown" else talk.status
        tokens = tokens_of(facts.usage) if facts.usage else talk.tokens
        yield ExecutionDraft(
            execution_id=execution_id, framework=framework, claims=[execution_id],
            agent_id=facts.agent or (next(iter(talk.names)) if len(talk.names) == 1 else ""),
            session_id=facts.session,
            task_id=None if task is None else identity.qualified("task" if run.tau_run is None else "tau", task),
            task_text=talk.first_request or facts.task_text, model=facts.model or talk.model,
            status=status if run.tau_run is None else tau.status_of(run.tau_run),
            success=facts.success, success_from=facts.success_from, score=facts.score, error=facts.error,
            started_at=facts.started_at or talk.started_at, ended_at=facts.ended_at or talk.ended_at,
            tokens_in=tokens.input, tokens_out=tokens.output,
            tokens_cache_read=tokens.cache_read, tokens_cache_write=tokens.cache_write,
            cost_usd=talk.cost if facts.cost is None else facts.cost,
            labels={} if facts.trial is None else {"trial": facts.trial},
            decisions=talk.decisions,
            source_id=self.source.source_id, offset=run.offset, length=run.length,
        )  # fmt: skip

    def _native(self, run: _Run) -> str:
        talk = run.conversation
        own = own_id(run.facts)
        if own is not None:
            # An id that two different conversations of a file carry is that of something larger.
            owner = self._owners.setdefault(own, talk.opening)
            return own if owner == talk.opening else f"{own}~{talk.opening}"
        content, unique = (
            (talk.opening or talk.content, talk.unique) if run.growing else (talk.content, talk.unique_anywhere)
        )
        if unique or is_unique(run.facts.item):
            return content_id(run.facts, content)
        repeat = self._placed[content]
        self._placed[content] += 1
        return placed_id(run.facts, content, self.source, repeat)


def _run_of(record: Record, chat: Chat, located: Located) -> _Run:
    nearest = chat.around[0] if chat.around else {}
    tau_run = nearest if is_tau(nearest) else None
    source = record.source
    talk = Conversation(source.source_id, tau.judge_result) if tau_run is not None else Conversation(source.source_id)
    messages = [message for _, items in chat.lists for message in items]
    for index, message in enumerate(messages):
        offset, length = located.spans[index] if located.spans else (record.offset, record.length)
        talk.add(message, offset, length)
    return _Run(source, facts_of(chat.around), talk, record.offset, record.length, tau_run=tau_run)


def _timed(lone: Lone) -> dict[str, Any]:
    """A message with the time and usage of its envelope, where it has none of its own."""
    return lone.message if lone.message is lone.envelope else {**lone.envelope, **lone.message}


def _continues(longer: _Run, shorter: _Run) -> bool:
    """Whether one run is an earlier state of another: the same messages, among them one that only one run can have."""
    long, short = longer.conversation, shorter.conversation
    return (
        short.unique_anywhere
        and short.messages < long.messages
        and short.content in long.passed
        and (longer.facts.task, longer.facts.trial) == (shorter.facts.task, shorter.facts.trial)
        and shorter.facts.score in (None, longer.facts.score)
    )


def _missing(talk: Conversation) -> str:
    parts = [f"{talk.orphans:,} tool results without a call"] if talk.orphans else []
    parts += [f"{talk.strange:,} items that are no messages"] if talk.strange else []
    return " and ".join(parts) + " in a conversation"
