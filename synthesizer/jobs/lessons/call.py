"""What a choice was called with, as words and fields that can be compared; of hostile texts too, in linear time."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from soma import codec

WORDS = 400
"""Words of a command that are looked at."""
_FIELDS = 40
_NESTING = 6
_VALUE = 4096

_COMMANDS = ("command", "cmd", "script", "code", "commands", "keystrokes", "args", "action", "input", "text")
_PATHS = (
    "file_path", "path", "filepath", "filename", "file_name", "file", "absolute_path", "target_file", "notebook_path",
    "filePath", "absolutePath",
)  # fmt: skip
# What the agent says about the call is no part of it.
_SPEECH = frozenset({"description", "justification", "explanation", "toolSummary", "thought", "thinking", "sh_desc"})
_WORD = re.compile(
    r"""&>>?|\d?[<>]+(?:&\d?)?|(?:[^\s'"\\|&;<>()]++|\\.|'[^']*+(?:'|\Z)|"(?:[^"\\]++|\\.)*+(?:"|\Z)|\\\Z)++|\|\|?&?|&&?|;;?|[()]""",
    re.DOTALL,
)
_SCRIPT = re.compile(r"-[a-z]{0,6}c\Z")
_FENCED = re.compile(r"\s*```[a-z]*\s(.*?)(?:```\s*)?\Z", re.DOTALL)
# How a JSON text that was cut inside a value may have gone on.
_ENDINGS = ('"}', "}", '"]}', '"}]}', "]}", "}]}")
OPERATORS = frozenset(
    ("|", "||", "|&", "&&", "&", ";", ";;", "(", ")", "<", ">", ">>", "<<", "2>", "2>>", "2>&1", "1>", "&>")
)


class Call(msgspec.Struct, frozen=True):
    """The arguments of one choice.

    Attributes:
        words: Of the command, where the tool takes one.
        fields: Every other argument, as text by the path of its key; what the agent says about the call left out.
        path: The file it is about, empty when it names none.
    """

    words: tuple[str, ...]
    fields: dict[str, str]
    path: str


@lru_cache(maxsize=8192)
def call_of(arguments: str | None, shell: bool) -> Call:
    """The call these arguments make; ``shell``: whether one of them is a command."""
    value = _decoded(arguments) if arguments else None
    command: Any = None
    if shell:
        if isinstance(value, dict):
            name = next((key for key in _COMMANDS if value.get(key)), None)
            if name is not None:
                command = value[name]
                value = {key: item for key, item in value.items() if key != name}
        else:
            command, value = value, None
    fields: dict[str, str] = {}
    _flatten("", value, fields, 0)
    path = next((fields[key] for key in _PATHS if fields.get(key)), "")
    return Call(_command_words(command), fields, path)


def _decoded(arguments: str) -> Any:
    """The arguments as JSON; of a text cut at its bound what is left, of anything else the text itself."""
    if not arguments.endswith("…"):
        try:
            return codec.decode(arguments)
        except ValueError:
            return arguments
    for ending in _ENDINGS:
        try:
            return codec.decode(arguments + ending)
        except ValueError:
            continue
    return None if arguments.startswith(("{", "[")) else arguments


def _command_words(command: Any) -> tuple[str, ...]:
    if isinstance(command, list):
        texts = [item for item in command if isinstance(item, str)]
        if len(texts) >= 3 and _SCRIPT.match(texts[-2]):
            return words_of(texts[-1])
        return tuple(text[:_VALUE] for text in texts[:WORDS])
    if not isinstance(command, str):
        return ()
    fenced = _FENCED.match(command[:_VALUE])
    return words_of(fenced[1] if fenced else command)


def words_of(text: str) -> tuple[str, ...]:
    """The words and operators of a command or a text, quoting kept, at most ``WORDS``."""
    found: list[str] = []
    for match in _WORD.finditer(text[:_VALUE]):
        found.append(match[0])
        if len(found) == WORDS:
            break
    return tuple(found)


def _flatten(name: str, value: Any, into: dict[str, str], depth: int) -> None:
    if len(into) >= _FIELDS or depth > _NESTING:
        return
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            if key not in _SPEECH:
                _flatten(f"{name}.{key}" if name else str(key), value[key], into, depth + 1)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for number, item in enumerate(value):
            _flatten(f"{name}.{number}" if name else str(number), item, into, depth + 1)
    elif value is not None:
        into[name] = value[:_VALUE] if isinstance(value, str) else codec.encode(value)[:_VALUE]
