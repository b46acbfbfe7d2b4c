"""The parts of a trajectory that are looked at; ``query``, which repeats the prompt in every step, is not built."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from soma.adapters.blocks.document import as_list

_S = TypeVar("_S", bound=msgspec.Struct)


class Step(msgspec.Struct, gc=False):
    """One step of a trajectory; any field may hold anything."""

    action: Any = None
    observation: Any = None
    response: Any = None
    thought: Any = None
    execution_time: Any = None


class Message(msgspec.Struct, gc=False):
    """One message of the history."""

    role: Any = None
    content: Any = None
    thought: Any = None
    action: Any = None
    tool_calls: Any = None
    is_demo: Any = None


class Trajectory(msgspec.Struct):
    """A whole file. Steps and messages that are no objects are left out.

    Attributes:
        places: Offset and length of every step in the file; shorter than the steps where they cannot be located.
    """

    trajectory: list[Step] | None = None
    history: list[Message] | None = None
    info: Any = None
    replay_config: Any = None
    places: list[tuple[int, int]] = []


class Parts(msgspec.Struct):
    """The same with its steps undecoded, to see where each of them lies."""

    trajectory: msgspec.Raw = msgspec.Raw(b"[]")
    history: msgspec.Raw = msgspec.Raw(b"[]")
    info: Any = None
    replay_config: Any = None


def plain_trajectory(value: dict[str, Any]) -> Trajectory:
    """A decoded document as a trajectory."""
    return Trajectory(
        trajectory=_objects(Step, value.get("trajectory")),
        history=_objects(Message, value.get("history")),
        info=value.get("info"),
        replay_config=value.get("replay_config"),
    )


def _objects(shape: type[_S], value: Any) -> list[_S]:
    names = shape.__struct_fields__
    return [shape(**{name: item[name] for name in names if name in item}) for item in as_list(value)
            if isinstance(item, dict)]  # fmt: skip
