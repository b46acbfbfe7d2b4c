"""The harvest: plan against the ledger, read in parallel, resolve what belongs together, commit in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from soma import clock
from soma.adapters.registry import adapters
from soma.config import personal_key
from soma.schema import EXECUTIONS, INSIGHTS, QUARANTINE, SOURCES
from soma.source import DEFAULT_LIMITS, Limits
from soma.vault import Changes, VaultRoot, Writer

from .agents import AgentNames
from .discover import Candidate, Discovery, discover
from .ledger import Ledger, ledger_rows
from .owners import Owners
from .pool import Pool, default_jobs
from .redact import Redactor
from .rows import Rows
from .summary import Summary
from .tally import Tally
from .work import Portion, Settings, SourceReport, Task, current_reader

if TYPE_CHECKING:
    import pyarrow as pa

_TASK_BYTES = 8 << 20
_TASK_SOURCES = 256
_COMMIT_BYTES = 256 << 20
_COMMIT_EVERY_S = 30.0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to harvest; the defaults suit a folder of mixed traces.

    Attributes:
        jobs: Worker processes; ``None`` means one per processor.
        format: Use this adapter for every file instead of recognising.
        agents: Names for agents that traces leave unnamed.
        since_ns: Only files modified at or after this instant (nanoseconds since 1970).
        dry_run: Read and report, write nothing.
        emails, phones: Redact these too.
    """

    jobs: int | None = None
    format: str | None = None
    agents: AgentNames = AgentNames()
    since_ns: int | None = None
    dry_run: bool = False
    emails: bool = False
    phones: bool = False
    limits: Limits = DEFAULT_LIMITS


class Progress(msgspec.Struct, frozen=True):
    """How far a harvest is: sources and bytes done and in total."""

    sources: int
    sources_total: int
    bytes: int
    bytes_total: int


def harvest(
    paths: Sequence[str],
    vault: VaultRoot,
    options: Options = Options(),
    on_progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Read what is new or changed at ``paths`` into the vault.

    Harvesting the same files again writes nothing; the order of paths, the number of jobs and earlier partial harvests
    never change what the vault answers.

    Raises:
        UsageError: if a path does not exist.
        VaultError: if the vault cannot be written to. What is wrong with a source never raises: it is in the summary.
    """
    started = clock.stopwatch()
    discovery = discover(paths, since_ns=options.since_ns)
    inside = str(vault.path.resolve()) + "/"
    discovery.candidates = [c for c in discovery.candidates if not c.path.startswith(inside)]
    if options.dry_run:
        return _dry_run(discovery, vault, options, started, on_progress)
    vault.create(personal_key())
    with vault.writer() as writer:
        run = _Run(vault, writer, options, on_progress)
        try:
            run.read(discovery.candidates)
        except KeyboardInterrupt:
            run.tally.interrupted = True
        return run.tally.summary(discovery, clock.stopwatch() - started, writer.version)


def _dry_run(
    discovery: Discovery, vault: VaultRoot, options: Options, started: float,
    on_progress: Callable[[Progress], None] | None,
) -> Summary:  # fmt: skip
    tally = Tally()
    ledger = Ledger(vault.snapshot() if vault.exists else None)
    key = vault.key() if vault.exists else b"dry run"
    todo = _changed(discovery.candidates, ledger, tally, _reader(options))
    with Pool(_jobs(options), _settings(None, key, options), sum(c.size for c in todo)) as pool:
        meter = _Meter(todo, on_progress)
        for portion in pool.run(_tasks([[c] for c in todo], commit=0)):
            tally.add(portion, ledger)
            meter.advance(portion)
            for report in portion.reports:
                ledger.note(report, "")
    return tally.summary(discovery, clock.stopwatch() - started, None)


def _settings(vault: Path | None, key: bytes, options: Options) -> Settings:
    return Settings(
        vault=None if vault is None else str(vault), key=key, agents=options.agents, format=options.format,
        limits=options.limits, emails=options.emails, phones=options.phones,
    )  # fmt: skip


def _jobs(options: Options) -> int:
    return options.jobs or default_jobs()


def _reader(options: Options) -> str:
    forced = f"+{options.format}" if options.format else ""
    named = f"+{options.agents.override}" if options.agents.override else ""
    return current_reader() + forced + named


def _changed(candidates: Iterable[Candidate], ledger: Ledger, tally: Tally, reader: str) -> list[Candidate]:
    by_name = {adapter.name: adapter for adapter in adapters()}
    todo = []
    for candidate in candidates:
        if ledger.unchanged(candidate, reader, by_name):
            tally.unchanged(ledger.entries[candidate.source_id])
        else:
            todo.append(candidate)
    return todo


def _tasks(families: Iterable[list[Candidate]], commit: int, first: int = 0) -> Iterator[Callable[[], Task]]:
    """Tasks of about equal size, the largest sources first so that no worker ends with one of them."""
    pending: list[list[Candidate]] = []
    size = number = 0
    ordered = sorted(families, key=lambda family: (-sum(c.size for c in family), family))
    for family in ordered:
        pending.append(family)
        size += sum(c.size for c in family)
        if size >= _TASK_BYTES or len(pending) >= _TASK_SOURCES:
            yield _made(first + number, commit, pending)
            pending, size, number = [], 0, number + 1
    if pending:
        yield _made(first + number, commit, pending)


def _made(number: int, commit: int, families: list[list[Candidate]]) -> Callable[[], Task]:
    return lambda: Task(number, commit, families)


class _Meter:
    """Counts finished work and tells whoever shows it."""

    def __init__(self, todo: Sequence[Candidate], on_progress: Callable[[Progress], None] | None) -> None:
        self._total = (len(todo), sum(c.size for c in todo))
        self._done = [0, 0]
        self._tell = on_progress

    def advance(self, portion: Portion) -> None:
        self._done[0] += len(portion.reports)
        self._done[1] += portion.task.size
        if self._tell:
            self._tell(Progress(self._done[0], self._total[0], self._done[1], self._total[1]))


class _Run:
    """One harvest into a vault, under the writer's lock."""

    def __init__(
        self, vault: VaultRoot, writer: Writer, options: Options, on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.tally = Tally()
        self._vault = vault
        self._writer = writer
        self._options = options
        self._on_progress = on_progress
        self._reader = _reader(options)
        snapshot = vault.snapshot()
        self._ledger = Ledger(snapshot)
        self._stored = set(self._ledger.entries)
        self._owners = Owners(snapshot)
        self._key = vault.key()
        self._redact = Redactor(self._key).text
        self._commit = writer.next_version
        self._family_tasks = 0
        self._pending: list[Portion] = []

    def read(self, candidates: Sequence[Candidate]) -> None:
        """Read all candidates that are new or changed and commit them in portions."""
        todo = _changed(candidates, self._ledger, self.tally, self._reader)
        settings = _settings(self._vault.path, self._key, self._options)
        meter = _Meter(todo, self._on_progress)
        size, since = 0, clock.stopwatch()
        with Pool(_jobs(self._options), settings, sum(c.size for c in todo)) as pool:
            try:
                for portion in pool.run(_tasks([[c] for c in todo], self._commit)):
                    self._pending.append(portion)
                    meter.advance(portion)
                    size += portion.task.size
                    if size >= _COMMIT_BYTES or clock.stopwatch() - since > _COMMIT_EVERY_S:
                        self._flush(pool)
                        size, since = 0, clock.stopwatch()
            finally:
                # Also after an interruption: what has been read completely is kept.
                self._flush(pool)

    def _flush(self, pool: Pool) -> None:
        portions, self._pending = self._pending, []
        reports = [report for portion in portions for report in portion.reports]
        if not reports:
            return
        news = [report for report in reports if not self._ledger.says(report)]
        shrunk = {r.candidate.source_id for r in reports if self._ledger.shrank(r.candidate)}
        for portion in portions:
            self.tally.add(portion, self._ledger)
        for report in reports:
            self._ledger.note(report, self._reader)
        families = self._families(reports)
        resolved = list(pool.run(self._family_task(families))) if families else []
        together = {candidate.source_id for family in families for candidate in family}
        changes = Changes()
        changes.decisions = [p.decisions for p in (*portions, *resolved) if p.decisions is not None]
        read = {report.candidate.source_id for report in reports if report.state != "failed"}
        self._change_executions(changes, portions, resolved, read, together, shrunk)
        self._change_ledger(changes, portions, news)
        self._writer.commit(changes)

    def _families(self, reports: Sequence[SourceReport]) -> list[list[Candidate]]:
        """Sources that share executions: they have to be read together, whoever of them changed."""
        families: dict[tuple[str, ...], list[Candidate]] = {}
        for report in reports:
            members = self._ledger.family(report.candidate.source_id)
            if len(members) > 1 and tuple(members) not in families:
                present = [found for member in members if (found := self._present(member)) is not None]
                families[tuple(members)] = present
        return [families[members] for members in sorted(families) if len(families[members]) > 1]

    def _present(self, source_id: str) -> Candidate | None:
        path = self._ledger.entries[source_id].path
        found = discover([path]).candidates if Path(path).is_file() else []
        return found[0] if found else None

    def _family_task(self, families: list[list[Candidate]]) -> Iterator[Callable[[], Task]]:
        # Numbered from above, so that they never meet the numbers of ordinary tasks.
        self._family_tasks += 1
        yield _made((1 << 20) - self._family_tasks, self._commit, families)

    def _change_executions(
        self, changes: Changes, portions: Sequence[Portion], resolved: Sequence[Portion], read: set[str],
        together: set[str], shrunk: set[str],
    ) -> None:  # fmt: skip
        import pyarrow as pa

        parts = [_without(portion.executions, together) for portion in portions]
        rows = pa.concat_tables(parts + [portion.executions for portion in resolved])
        settled = self._owners.settle(rows, read | together, shrunk)
        self.tally.no_longer_there += settled.kept
        if settled.rows.num_rows or settled.gone:
            changes.add(EXECUTIONS, "execution_id", settled.gone, settled.rows)
        self.tally.executions += settled.rows.num_rows
        self.tally.decisions += sum(settled.rows["decisions"].to_pylist())

    def _change_ledger(self, changes: Changes, portions: Sequence[Portion], news: Sequence[SourceReport]) -> None:
        import pyarrow as pa

        ids = {report.candidate.source_id for report in news}
        if ids:
            rows = ledger_rows(news, self._reader, self._redact)
            changes.add(SOURCES, "source_id", ids & self._stored, rows.arrow())
        damages = Rows(QUARANTINE)
        for damage in (d for portion in portions for d in portion.damages if d.source_id in ids):
            damages.add({"source_id": damage.source_id, "source_offset": damage.offset,
                         "source_length": damage.length, "reason": damage.reason})  # fmt: skip
        if len(damages) or ids & self._stored:
            changes.add(QUARANTINE, "source_id", ids & self._stored, damages.arrow())
        insights = pa.concat_tables([portion.insights for portion in portions])
        if insights.num_rows:
            latest = last_of_each(insights, "insight_id")
            changes.add(INSIGHTS, "insight_id", set(latest["insight_id"].to_pylist()), latest)
        self._stored |= ids


def _without(executions: pa.Table, sources: set[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not sources:
        return executions
    return executions.filter(pc.invert(pc.is_in(executions["source_id"], pa.array(sorted(sources), pa.string()))))


def last_of_each(rows: pa.Table, key: str) -> pa.Table:
    """One row per value of ``key``: the one from the largest source id, so that order does not matter."""
    chosen: dict[str, int] = {}
    sources = rows["source_id"].to_pylist()
    for position, value in enumerate(rows[key].to_pylist()):
        if value not in chosen or sources[position] >= sources[chosen[value]]:
            chosen[value] = position
    return rows.take(sorted(chosen.values()))
