"""What a conversation looks like wherever it lies: messages, lists of messages, and the trees that hold them.

Nothing here goes by the name of a file or of a member alone. A list is a conversation when its items are messages; the
objects around it are where its facts are looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from soma.adapters.blocks.document import as_list, as_object

Path: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 4
_SAMPLE = 20
_SPEAKERS = 3
_FIRST_CHOICE = (
    "messages", "conversation", "conversations", "traj", "trajectory", "history", "chat", "dialog", "dialogue", "turns",
    "transcript",
)  # fmt: skip

ROLES = {
    "user": "user", "human": "user",
    "assistant": "assistant", "ai": "assistant", "gpt": "assistant", "model": "assistant", "agent": "assistant",
    "system": "system", "developer": "system",
    "tool": "tool", "function": "tool", "observation": "tool", "tool_result": "tool", "ipython": "tool",
    "function_call": "assistant", "tool_call": "assistant", "function_response": "tool", "tool_response": "tool",
}  # fmt: skip
"""Who speaks, in the words of the many dialects."""

_LANGCHAIN_TYPES = frozenset({"human", "ai", "system", "tool"})
_BODY = ("content", "tool_calls", "function_call", "parts", "reasoning_content", "tool_call_id")
# Calls the model's provider runs itself: the item that makes the call also tells how it went.
HOSTED_CALLS = frozenset({
    "mcp_call", "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call",
})  # fmt: skip
CALL_ITEMS = frozenset({"function_call", "custom_tool_call", "local_shell_call", "computer_call"}) | HOSTED_CALLS
RESULT_ITEMS = frozenset({
    "function_call_output", "custom_tool_call_output", "local_shell_call_output", "computer_call_output",
})  # fmt: skip

# Members that mark a format of its own, which may hold lists of messages inside but is no plain chat.
_FOREIGN = tuple(frozenset(marks) for marks in (
    {"resourceSpans"}, {"run_type"}, {"dotted_order"}, {"spans"}, {"spanContext"}, {"projectHash"}, {"mistake_step"},
    {"eval", "samples"}, {"nodes", "edges"}, {"rootNodeId"}, {"payload", "type"}, {"traceSchema"}, {"parentUuid"},
    {"uuid", "type"}, {"agent", "message_type"}, {"loglines"}, {"sessionKey"}, {"endpoint", "part"},
    {"jobId", "action"},
))  # fmt: skip


class Chat(msgspec.Struct, frozen=True):
    """The messages of one conversation and the objects around them, the nearest first.

    Attributes:
        lists: The lists that make up the conversation, each with its path; nearly always one (a request and its
            response lie in two).
    """

    path: Path
    around: tuple[dict[str, Any], ...]
    lists: list[tuple[Path, list[Any]]]


class Lone(msgspec.Struct, frozen=True):
    """A message that stands alone, with the envelope it came in (the message itself when there is none)."""

    path: Path
    envelope: dict[str, Any]
    message: dict[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """One task of an InterCode result file."""

    path: Path
    around: tuple[dict[str, Any], ...]
    entry: dict[str, Any]


class Group(msgspec.Struct, frozen=True):
    """A chat of several named agents without tool calls: see ``groupchat``."""

    path: Path
    around: tuple[dict[str, Any], ...]
    lists: list[tuple[Path, list[Any]]]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages in their order."""
        return [message for _, items in self.lists for message in items]


Found: TypeAlias = Chat | Group | Lone | Entry


def find(value: Any) -> Iterator[Found]:
    """Every conversation in a decoded value, at most ``MAX_DEPTH`` objects or lists deep.

    A list of messages at the very top has no object around it: its messages come one by one, like the lines of a file
    that holds one message per line.
    """
    if _is_message_list(value):
        for index, item in enumerate(value):
            if (lone := _lone(item, (index,))) is not None:
                yield lone
    elif (lone := _lone(value, ())) is not None:
        yield lone
    else:
        yield from _search(value, (), ())


def _search(value: Any, path: Path, around: tuple[dict[str, Any], ...]) -> Iterator[Found]:
    if len(path) > MAX_DEPTH:
        return
    if isinstance(value, list):
        if _is_message_list(value):
            yield Chat(path, around, [(path, value)])
            return
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _search(item, (*path, index), around)
    elif isinstance(value, dict) and is_group_chat(value):
        yield Group(path, (value, *around), [((*path, "history"), value["history"])])
    elif isinstance(value, dict) and not is_foreign(value):
        around = (value, *around)
        if is_entry(value):
            yield Entry(path, around[1:], value)
        elif is_tau(value):
            # A run that crashed has no messages, but it was made and counts.
            yield Chat(path, around, [((*path, "traj"), value["traj"])])
        elif (names := _message_members(value)) == ["input", "output"]:
            yield Chat(path, around, [((*path, name), value[name]) for name in names])
        elif names:
            for name in names:
                yield Chat(path, around, [((*path, name), value[name])])
        else:
            for key, member in value.items():
                if isinstance(member, dict | list):
                    yield from _search(member, (*path, key), around)


def _message_members(value: dict[str, Any]) -> list[str]:
    names = [key for key, member in value.items() if isinstance(member, list) and _is_message_list(member)]
    if len(names) < 2:
        return names
    if set(names) == {"input", "output"}:
        return ["input", "output"]
    # Further lists beside the conversation are its variants (chosen, rejected, a prompt), not other runs.
    return next(([name] for name in _FIRST_CHOICE if name in names), names)


def _lone(value: Any, path: Path) -> Lone | None:
    if not isinstance(value, dict) or is_foreign(value):
        return None
    if is_message(value):
        return Lone(path, value, value)
    inner = value.get("message")
    if is_message(inner) and "type" not in value:
        return Lone(path, value, as_object(inner))
    return None


def _is_message_list(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    sample = value[:_SAMPLE]
    hits = sum(_lone(item, ()) is not None for item in sample)
    return hits > 0 and 4 * hits >= 3 * (len(sample) - _is_cut(sample[-1]))


def _is_cut(item: Any) -> bool:
    """Whether an item is the beginning of a message: the last one that the head of a long file shows."""
    return isinstance(item, dict) and str(item.get("role")).lower() in ROLES and not any(name in item for name in _BODY)


def is_message(value: Any) -> bool:
    """Whether a value is a message or an item of a conversation in one of the known dialects."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    role = value.get("role")
    if isinstance(role, str):
        return role.lower() in ROLES and any(name in value for name in _BODY)
    if isinstance(kind, str):
        return (
            (kind in CALL_ITEMS and ("name" in value or "call_id" in value or kind in HOSTED_CALLS))
            or (kind in RESULT_ITEMS and "output" in value)
            or (kind == "reasoning" and ("summary" in value or "encrypted_content" in value))
            or (kind in _LANGCHAIN_TYPES and ("content" in value or "content" in as_object(value.get("data"))))
        )
    speaker = value.get("from")
    return isinstance(speaker, str) and speaker.lower() in ROLES and isinstance(value.get("value"), str)


def is_entry(value: dict[str, Any]) -> bool:
    """Whether an object is one task of an InterCode result file."""
    return isinstance(as_object(value.get("turn_history")).get("actions"), list)


def is_tau(value: dict[str, Any]) -> bool:
    """Whether an object is one run of a tau-bench result file."""
    return isinstance(value.get("traj"), list) and "task_id" in value and "reward" in value


def is_group_chat(value: dict[str, Any]) -> bool:
    """Whether an object is a chat of named agents: a ``history`` of named texts, and a system prompt for each agent.

    The head of a long file may cut the last message, or the prompts, which then nobody can ask for; so three speakers
    do as well.
    """
    history = as_list(value.get("history"))
    whole = history[:-1] if len(history) > 1 and _is_cut(history[-1]) else history
    if not whole or not all(_is_named_text(item) for item in whole):
        return False
    return isinstance(value.get("system_prompt"), dict) or len({item["name"] for item in whole}) >= _SPEAKERS


def _is_named_text(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and is_message(item)
        and isinstance(item.get("name"), str)
        and bool(item["name"].strip())
        and isinstance(item.get("content"), str)
        and ROLES.get(str(item.get("role")).lower()) in {"user", "assistant"}
        and not any(item.get(name) for name in ("tool_calls", "function_call", "tool_call_id"))
    )


def is_foreign(value: dict[str, Any]) -> bool:
    """Whether an object belongs to a format that has an adapter of its own, or is no conversation at all."""
    if any(marks <= value.keys() for marks in _FOREIGN):
        return True
    version = value.get("schema_version")
    if isinstance(version, str) and version.startswith("ATIF"):
        return True
    if isinstance(value.get("observations"), list):
        return True
    if value.get("object") in ("trace", "trace.span"):
        return True
    steps = as_list(value.get("trajectory"))
    return bool(steps) and {"action", "observation"} <= as_object(steps[0]).keys()
