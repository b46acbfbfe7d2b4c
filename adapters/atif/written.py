"""Calls that an agent writes into the text of its message, where its trajectory holds no ``tool_calls``.

Two text protocols are known: Terminus answers with a JSON object of ``commands`` (its structured trajectories call them
``bash_command`` and ``mark_task_complete``), OpenHands without function calling writes ``<function=...>`` tags.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list, as_object, as_text

_FUNCTION = re.compile(r"<function=([^>\s]{1,200})>(.*?)</function>", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\s]{1,200})>(.*?)</parameter>", re.DOTALL)
_LOOKED_AT = 256 * 1024


class Written(msgspec.Struct, frozen=True):
    """The calls of a message as (tool, arguments), and the words beside them."""

    calls: list[tuple[str, Any]]
    words: str | None


def calls_in(message: str) -> Written | None:
    """What a message calls for; ``None`` when it is written in no known protocol."""
    if message.lstrip()[:1] == "{":
        return _terminus(message)
    if "<function=" in message:
        return _tagged(message[:_LOOKED_AT])
    return None


def _terminus(message: str) -> Written | None:
    try:
        answer = as_object(codec.decode(message))
    except codec.Undecodable:
        return None
    if not isinstance(answer.get("commands"), list):
        return None
    calls: list[tuple[str, Any]] = [
        ("bash_command", command) for command in as_list(answer["commands"]) if isinstance(command, dict)
    ]
    if answer.get("task_complete") is True:
        calls.append(("mark_task_complete", {}))
    words = filter(None, (as_text(answer.get("analysis")), as_text(answer.get("plan"))))
    return Written(calls, "\n".join(words) or None)


def _tagged(message: str) -> Written | None:
    calls = [
        (name, {key: value.strip("\n") for key, value in _PARAMETER.findall(body)})
        for name, body in _FUNCTION.findall(message)
    ]
    return Written(calls, message.partition("<function=")[0].strip() or None) if calls else None
