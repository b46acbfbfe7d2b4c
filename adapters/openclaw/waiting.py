"""Calls that wait for their results, by id; some providers give one id to several calls."""

from __future__ import annotations

from collections import deque

from soma.model import DecisionDraft


class Waiting:
    """The calls of a run that have no result yet. Nearly always one for an id: only then a queue is made."""

    def __init__(self) -> None:
        self._calls: dict[str, DecisionDraft | deque[DecisionDraft]] = {}

    def add(self, call_id: str, call: DecisionDraft) -> None:
        """``call`` waits, behind earlier ones of the same id."""
        before = self._calls.setdefault(call_id, call)
        if isinstance(before, deque):
            before.append(call)
        elif before is not call:
            self._calls[call_id] = deque((before, call))

    def first(self, call_id: str | None) -> DecisionDraft | None:
        """The call that has waited longest under an id."""
        found = self._calls.get(call_id or "")
        return found[0] if isinstance(found, deque) else found

    def take(self, call_id: str | None) -> DecisionDraft | None:
        """The same; it waits no more."""
        found = self._calls.pop(call_id or "", None)
        if not isinstance(found, deque):
            return found
        call = found.popleft()
        if found:
            self._calls[call_id or ""] = found
        return call
