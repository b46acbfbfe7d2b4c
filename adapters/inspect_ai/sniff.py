"""Recognises evaluation logs: an archive by the names of its members, a document by its head."""

from __future__ import annotations

import re

from soma.adapters.blocks.document import as_object, as_text
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .archive import MAGIC

_MEMBER = re.compile(rb"_journal/start\.json|samples/[^\x00-\x1f]{1,200}_epoch_\d+\.json")
_STATUSES = frozenset({"started", "success", "cancelled", "error"})


def sniff(head: Head) -> Match | None:
    """A match for an archive with a journal or samples in it, or for a document with an ``eval`` of a task."""
    if head.data.startswith(MAGIC):
        member = _MEMBER.search(head.data)
        if member is None:
            return None
        return Match(confidence=1.0, variant="eval", why=f"a zip archive that holds {member[0][:60].decode('latin-1')}")
    document = as_object(head.document)
    about = as_object(document.get("eval"))
    if as_text(document.get("status")) not in _STATUSES or not {"task", "model"} <= about.keys():
        return None
    marks = {"run_id", "task_id", "eval_id", "dataset"} & about.keys()
    version = document.get("version")
    if not marks or not isinstance(version, int):
        return Match(confidence=0.5, variant="json", why="a document with status and an eval of a task by a model")
    return Match(confidence=1.0, variant=f"json-v{version}", why=f"an evaluation log of version {version}")
