"""Is this a file of conversations? Told by the shape of its first values, once formats of their own are ruled out."""

from __future__ import annotations

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .messages import said
from .shapes import Chat, Entry, Found, Group, Lone, find, is_tau

_LOOKED_AT = 200


def sniff(head: Head) -> Match | None:
    """A claim on files that hold conversations: 0.9 for tau-bench and InterCode results, 0.2 for plain chat."""
    return _lines(head) if head.lines else _document(head)


def _document(head: Head) -> Match | None:
    found = _first(head.document)
    if found and all(isinstance(item, Lone) for item in found) and len(found) < 2:
        return None
    return _match(found, head)


def _lines(head: Head) -> Match | None:
    per_line = [_first(record) for record in head.records]
    speaking = [found for found in per_line if found]
    # A log that mentions a conversation now and then is a log.
    if 2 * len(speaking) < len(per_line):
        return None
    return _match([item for found in speaking for item in found], head)


def _first(value: object) -> list[Found]:
    found: list[Found] = []
    for item in find(value):
        found.append(item)
        if len(found) >= _LOOKED_AT:
            break
    return found


def _match(found: list[Found], head: Head) -> Match | None:
    if not found:
        return None
    chats = [item for item in found if isinstance(item, Chat)]
    if any(isinstance(item, Entry) for item in found):
        return Match(confidence=0.9, variant="intercode", why="tasks with query and turn_history.actions")
    if any(isinstance(item, Group) for item in found):
        return Match(confidence=0.9, variant="group-chat", why="messages of named agents without tool calls")
    if any(chat.around and is_tau(chat.around[0]) for chat in chats):
        return Match(confidence=0.9, variant="tau-bench", why="runs with task_id, reward and traj")
    if chats:
        messages = [message for chat in chats for _, items in chat.lists for message in items]
        variant, why = "conversations", "lists of chat messages"
    else:
        messages = [item.message for item in found if isinstance(item, Lone)]
        variant, why = "messages", "one chat message after the other"
    # Prompts that nobody answered are a data set, not traces; the answer may lie beyond what the head shows.
    if head.complete and not any(turn.role == "assistant" for turn in map(said, messages) if turn is not None):
        return None
    return Match(confidence=0.2, variant=variant, why=why)
