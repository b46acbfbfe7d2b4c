"""The model messages of a trace, each once, and which of their calls are still unanswered."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.generic.messages import Call, json_text
from soma.adapters.generic.usage import Tokens

from .observation import Observation
from .replies import Reply
from .tree import Tree

_NOTHING = Reply(None, [])


class Message(msgspec.Struct):
    """One model message; instrumentations of several layers may have recorded it more than once.

    Attributes:
        tokens, cost: As the innermost layer, next to the provider, counted them.
        spent: Whether a decision already carries them.
    """

    reply: Reply
    model: str | None
    tokens: Tokens
    cost: float | None
    spent: bool = False


class Asked(msgspec.Struct):
    """A call that a message asks for."""

    message: Message
    call: Call
    answered: bool = False


def messages_of(tree: Tree) -> dict[str, Message]:
    """The messages in the order they began, by the id of the outermost generation that recorded each."""
    layers: dict[str, list[Observation]] = {}
    for node in tree.ordered:
        if node.kind == "GENERATION":
            layers.setdefault(_outermost(node, tree), []).append(node)
    return {outer: _message(nodes, tree) for outer, nodes in layers.items()}


def _outermost(node: Observation, tree: Tree) -> str:
    outer = node.observation_id
    for holder in map(tree.nodes.__getitem__, tree.above(outer)):
        # A generation below a tool or an agent is that one's own.
        if holder.kind in ("TOOL", "AGENT") or holder.marked:
            break
        if holder.kind == "GENERATION":
            outer = holder.observation_id
    return outer


def _message(nodes: list[Observation], tree: Tree) -> Message:
    counted = [node for node in nodes if node.tokens is not None]
    enclosing = {holder for node in counted for holder in tree.above(node.observation_id)}
    innermost = [node for node in counted if node.observation_id not in enclosing] or nodes[:1]
    tokens = Tokens()
    for node in innermost:
        tokens.add(node.tokens or Tokens())
    costs = [node.cost for node in innermost if node.cost is not None]
    replies = [node.reply for node in nodes if node.reply is not None and (node.reply.text or node.reply.calls)]
    return Message(
        reply=replies[0] if replies else _NOTHING,
        model=next((node.model for node in nodes if node.model), None),
        tokens=tokens,
        cost=sum(costs) if costs else None,
    )


class Requests:
    """The calls that messages asked for so far; of calls alike the latest is answered first."""

    def __init__(self) -> None:
        self._stacks: dict[tuple[str, ...], list[Asked]] = {}

    def add(self, message: Message) -> None:
        """Notes the calls of a message; of its own calls alike the first is answered first."""
        for call in reversed(message.reply.calls):
            asked = Asked(message, call)
            for key in _keys(call.call_id, call.tool, call.arguments):
                self._stacks.setdefault(key, []).append(asked)

    def answered_by(self, observation: Observation, tool: str, *, certain: bool) -> Asked | None:
        """The call an observation answers, which is then closed.

        Args:
            observation: What may be a call that was made.
            tool: Its name as far as it is known.
            certain: Whether it is one: the id it gives, and else its name and arguments, tell which. If not, its
                arguments alone may tell.
        """
        keys = _keys(observation.call_id, tool, observation.arguments)
        for key in keys:
            if key[0] == ("arguments" if certain else "id"):
                continue
            stack = self._stacks.get(key, [])
            while stack:
                asked = stack.pop()
                if not asked.answered:
                    asked.answered = True
                    return asked
        return None


def _keys(call_id: str | None, tool: str, arguments: Any) -> list[tuple[str, ...]]:
    """What a call may be known by, the surest first."""
    text = written(arguments)
    keys: list[tuple[str, ...]] = [("id", call_id)] if call_id is not None else []
    if text is not None:
        keys.append(("call", tool, text))
    keys.append(("tool", tool))
    if text is not None and isinstance(arguments, dict) and arguments:
        keys.append(("arguments", text))
    return keys


def written(arguments: Any) -> str | None:
    """Arguments as text that compares."""
    return None if arguments is None else json_text(arguments) or None
