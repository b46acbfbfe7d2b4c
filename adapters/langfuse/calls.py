"""Which observations are calls of a tool, and which model message asked for each.

Older SDKs and many frameworks log a tool as a plain span. Such a span is a call if its attributes say so, if it is
named like one, or if a model asked for a call of that name or with these very arguments before.
"""

from __future__ import annotations

import re

import msgspec

from .messages import Message, Requests, written
from .observation import Observation
from .tree import Tree

_NAMED = re.compile(r"(?:execute_tool|running tool|tool)[ .:/]+(?P<tool>\S.*)\Z", re.IGNORECASE)
_LIKE_A_TOOL = re.compile(r"tools?\Z|.+_search\Z", re.IGNORECASE)


class Made(msgspec.Struct):
    """A call that was made: its observation, the name of its tool, and the message that asked for it."""

    observation: Observation
    tool: str
    message: Message | None


def calls_in(tree: Tree, messages: dict[str, Message]) -> list[Made]:
    """The calls of a trace in the order they began.

    Args:
        tree: Its observations.
        messages: By the id of the outermost generation that recorded each.
    """
    found: dict[str, Made] = {}
    requests = Requests()
    for observation in tree.ordered:
        if (message := messages.get(observation.observation_id)) is not None:
            requests.add(message)
            continue
        named = _NAMED.match(observation.name)
        certain = observation.kind == "TOOL" or observation.marked or (named is not None and observation.kind == "SPAN")
        tool = observation.tool or (named["tool"] if named else observation.name)
        if not certain and observation.kind != "SPAN":
            continue
        outer = next((found[holder] for holder in tree.above(observation.observation_id) if holder in found), None)
        if outer is not None and (outer.tool == tool or not certain) and _alike(outer.observation, observation):
            # The inner record of a call that an outer layer already told.
            continue
        asked = requests.answered_by(observation, tool, certain=certain)
        if asked is not None:
            found[observation.observation_id] = Made(observation, tool if certain else asked.call.tool, asked.message)
        elif certain:
            found[observation.observation_id] = Made(observation, tool, None)
    _add_named(tree, found)
    if not found:
        found = {o.observation_id: Made(o, o.name, None) for o in tree.ordered if o.kind == "RETRIEVER"}
    return sorted(found.values(), key=lambda made: made.observation.place)


def _add_named(tree: Tree, found: dict[str, Made]) -> None:
    """Adds spans that only their name tells, from the inside out: one that encloses calls, or lies in one, is none."""
    enclosing = {holder for call_id in found for holder in tree.above(call_id)}
    for observation in reversed(tree.ordered):
        if observation.kind != "SPAN" or not _LIKE_A_TOOL.match(observation.name):
            continue
        around = list(tree.above(observation.observation_id))
        inside = any(holder in found for holder in around)
        if not inside and observation.observation_id not in enclosing and observation.observation_id not in found:
            found[observation.observation_id] = Made(observation, observation.name, None)
            enclosing.update(around)


def _alike(first: Observation, second: Observation) -> bool:
    return written(first.arguments) == written(second.arguments)
