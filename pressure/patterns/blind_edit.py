"""Blind edit: a file is changed that the agent has not looked at lately."""

from __future__ import annotations

from soma.action import same_file
from soma.action.names import place
from soma.pressure.action import Action
from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

_OVERWRITTEN = ("has been updated", "overwrote", "overwritten", "has not been read", "was overwritten")
_HEAD = 200
_SEARCH = "search:grep"
_FILE_ROLES = frozenset({"read", "edit", "write"})


class BlindEdit(Pattern):
    """Fires when a file is edited, or an existing one overwritten, that was not touched in the last 20 actions.

    Reading, searching, writing or editing it counts as having seen it, in the shell too where the command names it
    (``cat``, ``sed -n``, ``grep``, ``> file``), and so does a search through its folder. A new file is no blind edit,
    and an overwritten one is known only where the tool says so. Nothing is said where the file is not known, or where
    an earlier call on a file of the same folder does not tell which one. An edit that went well found the text it
    replaces, so the agent knew the place: that is told, but warned of only when the edit failed or overwrote a file.
    """

    name = "blind_edit"
    priority = 3
    healing = "read"

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if a file was changed unseen."""
        action, recent = situation.action, situation.state.window.recent
        if not _changes_what_exists(action):
            return None
        before = recent[:-1]
        unseen = [name for name in action.files if not any(_touched(seen, name) for seen in before)]
        if not unseen:
            return None
        name = unseen[0].rpartition("/")[2] or unseen[0]
        return Finding(
            self.name,
            Severity.INFO if action.outcome == "ok" and action.role == "edit" else Severity.WARN,
            f"{name} was changed without a look at it in the last {len(before)} actions",
            f"Read {name} now, and check that the change fits what is there.",
            self.healing,
        )


def _changes_what_exists(action: Action) -> bool:
    if not action.files or action.fresh:
        return False
    told = (action.output or action.error or "")[:_HEAD]
    if action.role == "edit":
        return "created" not in told
    return action.role == "write" and any(mark in told for mark in _OVERWRITTEN)


def _touched(seen: Seen, name: str) -> bool:
    if seen.files:
        if any(same_file(other, name) for other in seen.files):
            return True
        # A search through a folder shows lines of the files in it.
        return seen.action == _SEARCH and any(f"/{folder.strip('/')}/" in f"/{name}" for folder in seen.files)
    # A file tool whose file is not known: its action names the folder, and it may have been this file.
    return seen.role in _FILE_ROLES and seen.action.partition(":")[2] in ("", place(name))
