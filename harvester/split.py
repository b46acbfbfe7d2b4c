"""Huge files of lines are read in parts, by as many workers as there are; what comes of it is as if one had read them.

First every range of a file is looked through, to find out which of its lines belong together; then parts are read that
have each execution as a whole (see ``cut``). Where an adapter does not say that its lines can be read apart, and where
anything about a part is odd, one worker reads the whole file, which then has the last word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain
from typing import BinaryIO

import msgspec

from soma import codec
from soma.adapters.contract import Adapter
from soma.schema import DECISIONS
from soma.source import MIB, Source
from soma.vault.storage import storage_of

from .cut import parts
from .discover import Candidate
from .piece import Ending, Part, Piece, Range
from .pool import Workers
from .portion import Portion, Settings, SourceReport, Task, first_damages
from .recognise import Recogniser, read_contained
from .redact import Redactor

_RANGES = 8
"""Into how many ranges the smallest file is cut that is cut at all."""


class Splitter:
    """Performs tasks, those of huge files in parts.

    Args:
        workers: Who performs them.
        settings: What all tasks know.
        least_bytes: How large a file has to be; its ranges are an eighth of that.
    """

    def __init__(self, workers: Workers, settings: Settings, least_bytes: int) -> None:
        self._workers = workers
        self._settings = settings
        self._least_bytes = least_bytes

    # Most harvests have no file to split.
    @cached_property
    def _recogniser(self) -> Recogniser:
        return Recogniser(self._settings)

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(self._settings.key, emails=self._settings.emails, phones=self._settings.phones)

    def run(self, tasks: Iterable[Task]) -> Iterator[Portion]:
        """Perform tasks, the largest first, and yield results, one for each.

        Raises:
            SomaError: as the workers do.
        """
        waiting = iter(tasks)
        whole: list[Task] = []
        for task in waiting:
            huge = task.size >= self._least_bytes
            portion = self._split(task) if huge else None
            if portion is not None:
                yield portion
                continue
            whole.append(task)
            if not huge:
                break
        yield from self._workers.run(chain(whole, waiting))

    def _split(self, task: Task) -> Portion | None:
        """What comes of a task whose only source is read in parts; ``None`` where it has to be read whole."""
        # What may be as it was needs its digest first, and then mostly no reading.
        if task.known or len(task.kins) != 1 or len(task.kins[0].sources) != 1 or task.kins[0].told:
            return None
        report = SourceReport(task.kins[0].sources[0])
        spans = read_contained("an adapter", partial(self._ranges, report.candidate, report), lambda _: None)
        looked = self._perform(task, [Ending(), *spans]) if spans and len(spans) > 1 else None
        if not spans or looked is None:
            return None
        found = {portion.task.piece: portion.survey for portion in looked}
        surveys = [(span, survey) for span in spans if (survey := found[span]) is not None]
        ending = next(portion.reports[0] for portion in looked if isinstance(portion.task.piece, Ending))
        pieces = parts(surveys, ending.content_hash, ending.bytes_read) if len(surveys) == len(spans) else None
        if pieces is None or len(pieces) < 2:
            return None
        portions = self._perform(task, pieces)
        return None if portions is None else self._joined(task, report, portions)

    def _ranges(self, candidate: Candidate, report: SourceReport) -> list[Range]:
        found = self._recogniser.of(candidate, report)
        if found is None or not _can_be_split(*found, self._settings):
            return []
        return ranges(found[1], max(1, self._least_bytes // _RANGES))

    def _perform(self, task: Task, pieces: Sequence[Piece]) -> list[Portion] | None:
        """What comes of all pieces; ``None`` where one went wrong, and what was written for the others is let go."""
        portions = list(self._workers.run(msgspec.structs.replace(task, piece=piece) for piece in pieces))
        if all(portion.reports[0].state == "read" for portion in portions) and not _twice(portions):
            return portions
        self._discard(portions)
        return None

    def _discard(self, portions: Sequence[Portion]) -> None:
        if self._settings.vault is not None:
            storage = storage_of(self._settings.vault)
            for fragment in (fragment for portion in portions for fragment in portion.decisions):
                storage.discard(DECISIONS.path, fragment.name)

    def _joined(self, task: Task, report: SourceReport, portions: Sequence[Portion]) -> Portion:
        import pyarrow as pa

        told = [portion.reports[0] for portion in portions]
        rows = [portion.decision_rows for portion in portions if portion.decision_rows is not None]
        redactions: Counter[str] = Counter()
        for one in told:
            redactions.update(one.redactions)
            report.records += one.records
            report.executions += one.executions
            report.decisions += one.decisions
            report.quarantined += one.quarantined
        report.shown, report.content_hash, report.bytes_read = told[0].shown, told[0].content_hash, told[0].bytes_read
        report.claims = sorted({claim for one in told for claim in one.claims})
        report.redactions = dict(redactions)
        report.conclude()
        report.reason = None if report.reason is None else self._redactor.text(codec.plain(report.reason))
        return Portion(
            task=task, reports=[report],
            executions=pa.concat_tables([portion.executions for portion in portions]),
            insights=pa.concat_tables([portion.insights for portion in portions]),
            damages=first_damages([damage for portion in portions for damage in portion.damages]),
            decisions=[fragment for portion in portions for fragment in portion.decisions],
            decision_rows=pa.concat_tables(rows) if rows else None,
        )  # fmt: skip


def _can_be_split(adapter: Adapter, source: Source, settings: Settings) -> bool:
    return adapter.apart is not None and adapter.apart.lines(source, settings.limits)


def _twice(portions: Sequence[Portion]) -> bool:
    """Whether parts made rows of one execution, which only ids do that become equal when they are written down."""
    ids = [one for portion in portions if isinstance(portion.task.piece, Part)
           for one in portion.executions["execution_id"].to_pylist()]  # fmt: skip
    return len(set(ids)) < len(ids)


def ranges(source: Source, length: int) -> list[Range]:
    """The source in ranges of whole lines, each of about ``length`` bytes and of one line at least.

    Raises:
        OSError: if it cannot be read.
    """
    cuts = [0]
    with source.open() as stream:
        for at in range(length, source.size, length):
            if at > cuts[-1] and (cut := _line_after(stream, at, source.size)) < source.size:
                cuts.append(cut)
    return [Range(start, end) for start, end in zip(cuts, [*cuts[1:], source.size], strict=True)]


def _line_after(stream: BinaryIO, at: int, size: int) -> int:
    """Where the first line begins that begins at ``at`` or later; ``size`` where none does."""
    at -= 1
    stream.seek(at)
    while at < size and (block := stream.read(min(MIB, size - at))):
        found = block.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(block)
    return size
