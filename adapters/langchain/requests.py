"""Which model message asked for a call: by the call's id, else by name and order, else by the words of the message."""

from __future__ import annotations

import msgspec

from .about import MODEL_KEY
from .runs import Message, Run
from .usage import Usage


class Asked(msgspec.Struct, gc=False):
    """A model message and what is still open of it.

    Attributes:
        usage, cost: Of the model run; given to the first decision it caused, then ``spent``.
        open_calls: Positions of its calls that no tool run has answered yet.
    """

    message: Message
    usage: Usage | None
    cost: float | None
    model: str | None
    open_calls: set[int]
    spent: bool = False


class Requests:
    """The model messages of one execution so far."""

    def __init__(self) -> None:
        self._last: Asked | None = None
        self._by_id: dict[str, tuple[Asked, int]] = {}
        self._by_name: dict[str, list[tuple[Asked, int]]] = {}

    def add(self, run: Run) -> None:
        """Notes the message of a model run."""
        if run.message is None:
            return
        calls = run.message.calls
        asked = Asked(run.message, usage_of_run(run), run.cost, model_of_run(run), set(range(len(calls))))
        self._last = asked
        by_id, by_name = self._by_id, self._by_name
        # Backwards, so that the first open call of the latest message lies on top of its name's stack.
        for position in range(len(calls) - 1, -1, -1):
            call = calls[position]
            if call.call_id:
                # Ids may repeat (some models number the calls of every message anew): the latest message is meant.
                by_id[call.call_id] = (asked, position)
            by_name.setdefault(call.name, []).append((asked, position))

    def match(self, call_id: str | None, name: str | None) -> Asked | None:
        """The message that asked for a tool run; its call is then answered."""
        if call_id in self._by_id:
            asked, position = self._by_id[call_id]
            asked.open_calls.discard(position)
            return asked
        if name is None:
            return None
        stack = self._by_name.get(name, [])
        while stack:
            asked, position = stack.pop()
            if position in asked.open_calls:
                asked.open_calls.discard(position)
                return asked
        # Agents of the text kind ask in words: the last message counts if it names the tool.
        last = self._last
        return last if last is not None and not last.message.calls and name in (last.message.text or "") else None


def usage_of_run(run: Run) -> Usage | None:
    """Tokens of a model run: what its message says, else what the export's row says."""
    return (run.message.usage if run.message is not None else None) or run.usage


def model_of_run(run: Run) -> str | None:
    """The model of a model run: as it was asked for, else as the answer names it."""
    return run.metadata.get(MODEL_KEY) or run.model or (run.message.model if run.message is not None else None)
