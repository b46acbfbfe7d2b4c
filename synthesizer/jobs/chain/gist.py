"""What a call was, in a few words: the command, the file, the query."""

from __future__ import annotations

from typing import Any

from soma import codec

_TELLING = ("command", "cmd", "script", "code", "file_path", "path", "query", "url", "pattern", "prompt", "message")
_LONG = 60


def gist(arguments: str | None) -> str:
    """The telling value of a call's arguments; of several, each with its name. Empty when there are none."""
    if not arguments:
        return ""
    try:
        value = codec.decode(arguments)
    except codec.Undecodable:
        return arguments
    if not isinstance(value, dict):
        return _short(value)
    for name in _TELLING:
        if isinstance(value.get(name), str) and value[name].strip():
            return str(value[name])
    told = {name: item for name, item in value.items() if item not in (None, "", [], {})}
    if len(told) == 1 and isinstance(only := next(iter(told.values())), str):
        return only
    return ", ".join(f"{name}={_short(item)}" for name, item in told.items())


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else codec.encode(value)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
