"""The last actions of an agent and what can be counted over them, kept up to date one action at a time."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .action import Action, bounded
from .arithmetic import C_LOG_C
from .constants import OUTPUT_HEAD, RECENT, WINDOW
from .words import HEDGES, words_of

_is_hedge = HEDGES.__contains__


class Seen(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is remembered of one action: enough for every signal and rule, no text.

    Attributes:
        role, action, tool: As in ``Action``. call: Equal means the same call again; ``None`` when not known.
        result: Digest of the answer. failed: Whether it failed. ok: Whether it is known to have gone well.
        retry: Whether the same call had failed inside the window before. words: Words of its reasoning looked at.
        hedges: How many of them hedge. contact: Whether a word of the task occurred; ``None`` when not known.
        started_at: Epoch microseconds. files: What it was about, where certain. tests: Whether it ran tests or checks.
        tokens, cost: What it took; ``None`` when not known.
    """

    role: str
    action: str
    tool: str
    call: str | None
    result: str | None
    failed: bool
    ok: bool
    retry: bool
    words: int
    hedges: int
    contact: bool | None
    started_at: int | None
    files: tuple[str, ...] = ()
    tests: bool = False
    tokens: int | None = None
    cost: float | None = None


class Window(msgspec.Struct, array_like=True):
    """The last ``RECENT`` actions, and counts over the last ``WINDOW`` of them.

    Attributes:
        recent: The oldest first. steps: Actions of the session so far. actions: Action name to count.
        roles: Role to count. failing: Call that failed to count. c_log_c: Sum that the entropy is made of.
        failed, retries, words, hedges: Counts. contacts: Actions that touched the task, of ``told`` that can be told.
    """

    recent: list[Seen] = msgspec.field(default_factory=list)
    steps: int = 0
    actions: dict[str, int] = msgspec.field(default_factory=dict)
    roles: dict[str, int] = msgspec.field(default_factory=dict)
    failing: dict[str, int] = msgspec.field(default_factory=dict)
    c_log_c: int = 0
    failed: int = 0
    retries: int = 0
    words: int = 0
    hedges: int = 0
    contacts: int = 0
    told: int = 0

    @property
    def size(self) -> int:
        """Actions the counts are over."""
        return self.steps if self.steps < WINDOW else WINDOW

    def push(
        self, action: Action, intent: Mapping[bytes, int], tokens: int | None, cost: float | None
    ) -> tuple[Seen, Seen | None]:
        """Take in ``action``, which took so much; what arrived, and what left the counts for it."""
        seen = self._seen(action, intent, tokens, cost)
        recent = self.recent
        left = recent[-WINDOW] if len(recent) >= WINDOW else None
        recent.append(seen)
        if len(recent) > RECENT:
            del recent[0]
        self.steps += 1
        if left is not None:
            self._forget(left)
        self._count(seen)
        return seen, left

    def _seen(self, action: Action, intent: Mapping[bytes, int], tokens: int | None, cost: float | None) -> Seen:
        call = action.call
        failing = self.failing
        # Where arguments are not recorded, the same action straight after its failure is the best there is.
        retry = (
            call in failing
            if call is not None
            else bool(self.recent) and self.recent[-1].failed and self.recent[-1].action == action.action
        )
        words = hedges = 0
        contact = None
        written = action.reasoning
        if written:
            found = words_of(bounded(written))
            words = len(found)
            hedges = sum(map(_is_hedge, found))
            if intent:
                contact = not intent.keys().isdisjoint(found)
        if intent and not contact and action.output:
            contact = not intent.keys().isdisjoint(words_of(action.output[:OUTPUT_HEAD]))
        failed = action.failed
        return Seen(
            action.role, action.action, action.tool, call, action.output_digest, failed, action.outcome == "ok", retry,
            words, hedges, contact, action.started_at, action.files, action.tests, tokens, cost,
        )  # fmt: skip

    def _count(self, seen: Seen) -> None:
        actions, roles = self.actions, self.roles
        now = actions.get(seen.action, 0)
        actions[seen.action] = now + 1
        self.c_log_c += C_LOG_C[now + 1] - C_LOG_C[now]
        roles[seen.role] = roles.get(seen.role, 0) + 1
        self.words += seen.words
        self.hedges += seen.hedges
        if seen.retry:
            self.retries += 1
        if seen.failed:
            self.failed += 1
            if seen.call is not None:
                self.failing[seen.call] = self.failing.get(seen.call, 0) + 1
        if seen.contact is not None:
            self.told += 1
            self.contacts += seen.contact

    def _forget(self, seen: Seen) -> None:
        now = self.actions[seen.action]
        self.c_log_c += C_LOG_C[now - 1] - C_LOG_C[now]
        _one_less(self.actions, seen.action)
        _one_less(self.roles, seen.role)
        self.words -= seen.words
        self.hedges -= seen.hedges
        if seen.retry:
            self.retries -= 1
        if seen.failed:
            self.failed -= 1
            if seen.call is not None:
                _one_less(self.failing, seen.call)
        if seen.contact is not None:
            self.told -= 1
            self.contacts -= seen.contact


def _one_less(counts: dict[str, int], key: str) -> None:
    if counts[key] == 1:
        del counts[key]
    else:
        counts[key] -= 1
