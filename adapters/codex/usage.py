"""Tokens: Codex writes running totals, not what one model call took."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_count
from soma.model import DecisionDraft, ExecutionDraft


class Spent(msgspec.Struct, frozen=True):
    """Tokens of one step of the running total; ``fresh`` is the input that came from no cache."""

    fresh: int
    cached: int
    written: int
    output: int

    def on_execution(self, draft: ExecutionDraft) -> None:
        """Add to the sums of a run."""
        draft.tokens_in = (draft.tokens_in or 0) + self.fresh
        draft.tokens_out = (draft.tokens_out or 0) + self.output
        draft.tokens_cache_read = (draft.tokens_cache_read or 0) + self.cached
        if self.written or draft.tokens_cache_write:
            draft.tokens_cache_write = (draft.tokens_cache_write or 0) + self.written

    def on_decision(self, decision: DecisionDraft) -> None:
        """Note at the first decision of the model call."""
        decision.tokens_in, decision.tokens_out = self.fresh, self.output


class Total:
    """The running total of one file."""

    def __init__(self) -> None:
        self._last: tuple[int, int, int, int] | None = None
        self._sum = 0

    def step(self, usage: dict[str, Any]) -> Spent | None:
        """What was spent since the last total; ``None`` for a repeated or unreadable one.

        A total that falls has started again (a resumed session): all of it is new.
        """
        parts = [as_count(usage.get(name)) for name in ("input_tokens", "output_tokens")]
        if parts[0] is None or parts[1] is None:
            return None
        whole = as_count(usage.get("total_tokens"))
        whole = parts[0] + parts[1] if whole is None else whole
        cached = as_count(usage.get("cached_input_tokens")) or 0
        written = as_count(usage.get("cache_write_input_tokens")) or 0
        now = (parts[0], cached, written, parts[1])
        before = self._last if self._last is not None and whole >= self._sum else (0, 0, 0, 0)
        if now == self._last:
            return None
        self._last, self._sum = now, whole
        given, cached, written, output = (max(new - old, 0) for new, old in zip(now, before, strict=True))
        return Spent(max(given - cached - written, 0), cached, written, output)
