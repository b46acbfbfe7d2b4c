"""An action as a tool call: SWE-agent's own commands by their names, everything else as what a shell ran."""

from __future__ import annotations

import shlex

from soma.action import Enriched, enrich
from soma.model import Role

_EDITORS = frozenset({"str_replace_editor", "str_replace_based_edit_tool"})
_FILES = {"open": "read", "create": "write", "edit": "edit", "insert": "edit"}
_SEARCHES = frozenset({"find_file", "search_file", "search_dir"})
_OWN: dict[str, Role] = {
    "goto": "read", "scroll_up": "read", "scroll_down": "read", "set_cursors": "read", "filemap": "read",
    "view_image": "read", "undo_edit": "edit", "submit": "other", "exit_forfeit": "other",
}  # fmt: skip
_LOOKED_AT = 4096


def tool_of(action: str) -> str:
    """The first word of an action; empty when there is none."""
    return next(iter(action[:_LOOKED_AT].split(None, 1)), "")


def named(action: str) -> Enriched:
    """Name and role of an action."""
    tool = tool_of(action)
    if tool in _OWN:
        return Enriched(tool, _OWN[tool])
    if tool in _SEARCHES:
        return enrich(tool)
    if tool in _EDITORS:
        words = _words(action)
        return enrich(tool, dict(zip(("command", "path"), words[1:3], strict=False)))
    if tool in _FILES:
        words = _words(action)
        # ``edit`` and ``insert`` work on the open file: what follows them is a place or a text.
        named_file = tool in ("open", "create") and len(words) > 1
        return enrich(_FILES[tool], {"path": words[1]} if named_file else {})
    return enrich("bash", {"command": action})


def _words(action: str) -> list[str]:
    line = action[:_LOOKED_AT].split("\n", 1)[0]
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
