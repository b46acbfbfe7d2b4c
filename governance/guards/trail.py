"""The trail of a guard: one line per check, which ``soma harvest`` reads like any other trace."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from soma import codec, files
from soma.model import NormalizedDecision

FORMAT = "soma.guard"
VERSION = 1


class Trail:
    """A file that checks are added to, private to its owner; many guards, also of other processes, may share it.

    Args:
        path: The file, ``*.jsonl``; its folder is made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, decision: NormalizedDecision) -> None:
        """Add one check. One write each, so that lines of several guards do not run into each other.

        Raises:
            OSError: if the file cannot be written.
        """
        files.make_private_folder(self.path.parent)
        line = codec.encode({"type": FORMAT, "version": VERSION, **msgspec.to_builtins(decision)}) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, files.PRIVATE_FILE)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)
