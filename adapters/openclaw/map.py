"""Records to executions. Pure: transcripts are told apart by source and session, cron runs stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma.adapters.contract import Yield
from soma.source import Damage, Record, Source

from .cron import cron_runs, is_cron_run
from .facts import Session
from .transcript import Transcript


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Executions of all sessions and cron runs among the records, each as soon as its last entry is there.

    Sessions that copied another's history repeat its decisions; their global ids let the copies be counted once.
    """
    source: Source | None = None
    transcript: Transcript | None = None
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        session = record.value if isinstance(record.value, Session) else None
        if record.source is not source or session is not None:
            if transcript is not None:
                yield from transcript.executions()
            source, transcript = record.source, None
        if session is not None:
            transcript = Transcript(record.source, session)
        elif isinstance(record.value, dict) and is_cron_run(record.value):
            yield from cron_runs(record)
        else:
            transcript = transcript or Transcript(record.source, None)
            transcript.add(record)
    if transcript is not None:
        yield from transcript.executions()
