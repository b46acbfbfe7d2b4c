"""Keys that Terminus types into a terminal: a command line and its newline, or single keys in tmux's spelling."""

from __future__ import annotations

import re
from typing import Any

from soma.action import Enriched, enrich

_SHELL = "bash"
_KEY = re.compile(r"(?:(?:[CMS]-)+\S|Enter|Escape|Tab|BSpace|Space|Up|Down|Left|Right|[NP]Page|Home|End|F\d{1,2})\Z")
_STOPS = frozenset({"C-c", "C-\\"})


def typed(arguments: Any) -> Enriched | None:
    """The action of what was typed; ``None`` where a call holds no ``keystrokes``.

    Nothing typed is a wait for the screen. Keys that are no command line steer the program that runs.
    """
    keys = arguments.get("keystrokes") if isinstance(arguments, dict) else None
    if not isinstance(keys, str):
        return None
    words = keys.split()
    if not words:
        return Enriched("process:wait" if not keys.strip(" ") else "process:write", "shell")
    if all(map(_KEY.match, words)):
        return Enriched("process:kill" if _STOPS.intersection(words) else "process:write", "shell")
    return enrich(_SHELL, {"command": keys})
