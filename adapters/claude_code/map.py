"""From lines to executions: one pass over a family of files, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma.adapters.contract import Yield
from soma.source import Damage, Record

from .delegations import Run, link
from .family import File, sessions_of
from .gather import gather
from .ledger import Ledger
from .run import run_of
from .tracks import tracks_of


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """The executions in the records of one file, or of files that share a claim."""
    files: list[File] = []
    yield from gather(records, files)
    sessions = sessions_of(files)
    ledger = Ledger()
    # Tracks come oldest session first and conversation before sub-agents: what is told twice belongs to the first.
    split = [tracks_of(session) for session in sessions]
    for tracks in split:
        for track in tracks:
            for entry in track.entries:
                if entry.line.type == "assistant":
                    ledger.note(entry.line)
                for call_id, result in entry.results:
                    ledger.results.setdefault(call_id, result)
    del files
    for session, tracks in zip(sessions, split, strict=True):
        runs = [Run(track, run_of(track, ledger)) for track in tracks]
        link(runs, session.links, ledger)
        # All that matters of the lines is in the drafts: whoever takes these needs the room.
        session.forget()
        for track in tracks:
            track.forget()
        for run in runs:
            if run.draft is not None:
                yield run.draft
