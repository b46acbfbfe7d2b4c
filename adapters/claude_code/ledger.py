"""What a family of sessions must count once: calls by id, their results, and API messages."""

from __future__ import annotations

from soma import codec
from soma.adapters.blocks.document import as_count, as_text
from soma.model import DecisionDraft, ExecutionDraft

from .lines import Line, Usage
from .results import Result


class Ledger:
    """The calls, results and messages of one family.

    Attributes:
        results: First result of each call, by the id of the call.
        called: Ids of all calls, wherever in the family they stand.
        taken: Ids of calls that already became a decision.
    """

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.called: set[str] = set()
        self.taken: set[str] = set()
        self._owner: dict[tuple[str, str], object] = {}

    def note(self, line: Line) -> None:
        """Remember the calls of a line."""
        if line.type == "assistant" and line.message is not None and isinstance(line.message.content, list):
            for block in line.message.content:
                if block.type == "tool_use" and (call_id := as_text(block.id)):
                    self.called.add(call_id)

    def owns(self, track: object, message: tuple[str, str]) -> bool:
        """Whether an API message belongs to this track: to the first that asks for it."""
        return self._owner.setdefault(message, track) is track


class Spending:
    """Tokens and cost of one execution, each API message once."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str], Usage] = {}
        self._costs: dict[tuple[str, str], float] = {}
        self._first: dict[tuple[str, str], DecisionDraft] = {}

    def see(self, key: tuple[str, str], line: Line) -> None:
        """Note the usage on a line of a message; the last line of the message wins, for its output has grown."""
        if line.cost_usd is not None and line.cost_usd >= 0:
            self._costs[key] = line.cost_usd
        usage = line.message.usage if line.message is not None else None
        if usage is not None:
            self._messages[key] = usage

    def decided(self, key: tuple[str, str], decision: DecisionDraft) -> None:
        """The first decision of a message carries its tokens."""
        self._first.setdefault(key, decision)

    def settle(self, draft: ExecutionDraft) -> None:
        """Write the sums to the execution and each message's share to its first decision."""
        counts = {
            key: (
                as_count(usage.input_tokens), as_count(usage.output_tokens),
                as_count(usage.cache_read_input_tokens), as_count(usage.cache_creation_input_tokens),
            )
            for key, usage in self._messages.items()
        }  # fmt: skip
        for key, decision in self._first.items():
            if (told := counts.get(key)) is not None:
                decision.tokens_in, decision.tokens_out = told[:2]
            decision.cost_usd = self._costs.get(key)
        columns = list(zip(*counts.values(), strict=True)) or [()] * 4
        draft.tokens_in, draft.tokens_out, draft.tokens_cache_read, draft.tokens_cache_write = map(_sum, columns)
        draft.cost_usd = sum(self._costs.values()) if self._costs else None


def _sum(figures: tuple[int | None, ...]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def arguments_of(value: object) -> object:
    """The input of a call: an object, parsed when it was written as JSON text; anything else as it is."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return codec.decode(value)
        except codec.Undecodable:
            return value
    return value
