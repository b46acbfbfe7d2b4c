"""What a night does: harvest, replay, synthesize, gate, report, each on what the one before left.

Every step commits whole or not at all and does nothing where nothing is new, so a night that is killed is simply run
again. Of the files, the JSON report is written last: until it stands, the night before is the last one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from soma import clock, codec, files
from soma.config import Settings, personal_key
from soma.errors import SomaError, UsageError
from soma.harvester.harvest import Options, Progress, harvest
from soma.harvester.pool import StartWorkers
from soma.harvester.summary import Summary
from soma.synthesizer import html
from soma.synthesizer.jobs.report.changes import Earlier
from soma.synthesizer.jobs.report.model import Report
from soma.synthesizer.kept import Keeping
from soma.synthesizer.synthesize import Synthesis, synthesize
from soma.vault import VaultRoot

from .reporting import report_of

REPORT, PAGE, PREVIOUS = "soma-report.json", "soma-report.html", "soma-report.previous.json"


class Night(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a night did.

    Attributes:
        executions: Added or replaced by tonight's harvest. replayed: Through the pressure engine.
        sources: Looked at. sources_failed: Of them could not be read.
        found: Findings proposed for the first time. pending: Proposals that wait for a decision.
        agents, critical, degraded: Agents the vault holds, and how many of them are so.
        worse, better: Agents since the report before; ``None`` on the first night.
        gates: Comparisons by verdict.
        report, page, previous: The files; ``previous`` is the report before, ``None`` on the first night.
        seconds: How long it took.
    """

    vault_version: int
    sources: int
    sources_failed: int
    executions: int
    replayed: int
    found: int
    pending: int
    agents: int
    critical: int
    degraded: int
    worse: int | None
    better: int | None
    gates: dict[str, int]
    report: str
    page: str
    previous: str | None
    seconds: float

    @property
    def exit_code(self) -> int:
        """0, or 4 when some sources failed."""
        return 4 if self.sources_failed else 0


def nightly(
    root: VaultRoot, paths: Sequence[str], out: Path, settings: Settings, options: Options, *, wait_s: float = 0.0,
    told: Callable[[str], None] = lambda _: None, on_progress: Callable[[Progress], None] | None = None,
    start_workers: StartWorkers | None = None,
) -> Night:  # fmt: skip
    """One night over ``paths``.

    Args:
        root: The vault; it is made when it is not there.
        paths: What to harvest.
        out: The folder of the report and its page; it is made when it is not there.
        settings: The project's: rules about tasks, thresholds of the pressure engine.
        options: Of the harvest.
        wait_s: How long to wait for another night on this vault to end.
        told: Called with the name of each step as it starts.
        on_progress: Called as the harvest goes on.
        start_workers: Who reads the sources; processes of this machine by default.

    Raises:
        UsageError: if a path does not exist, or the report before is none.
        VaultLocked: if another night, or another writer, holds the vault.
        SomaError: if the report cannot be written.
    """
    from soma.pressure import configuration_of
    from soma.pressure.replay.keep import keep

    started = clock.stopwatch()
    if not root.exists:
        root.create(personal_key())
    with root.storage.night(wait_s):
        # Before anything else: a night that cannot be told of need not begin.
        earlier, before = _before(out)
        told("harvest")
        harvested = harvest(paths, root, options, on_progress, start_workers)
        if harvested.interrupted:
            raise KeyboardInterrupt
        now = clock.now()
        synthesis = synthesize(
            root, now=now, task_rules=settings.tasks, told=told,
            replay=lambda vault: keep(vault, configuration_of(settings)).executions,
        )  # fmt: skip
        told("report")
        snapshot = root.snapshot(settings.tasks)
        asked = Keeping(snapshot)
        report = report_of(root, snapshot, now=now, earlier=earlier, asked=asked)
        told("page")
        page = html.page(html.dossier(asked, report))
        _write(out, report, page, before)
    return _night(harvested, synthesis, report, out, before, clock.stopwatch() - started)


def _before(out: Path) -> tuple[Earlier | None, bytes | None]:
    """The report of the last night that ended, and its bytes; nothing on the first night."""
    from soma.synthesizer.jobs.report.diff import earlier_of

    path = out / REPORT
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, None
    except OSError as problem:
        raise UsageError(f"the report before cannot be read: {problem.strerror}", where=str(path)) from problem
    try:
        return earlier_of(data, str(path)), data
    except UsageError as problem:
        hint = "move that file away, or name another folder with --out"
        raise UsageError(problem.message, where=problem.where, hint=hint) from problem


def _write(out: Path, report: Report, page: str, before: bytes | None) -> None:
    try:
        files.make_private_folder(out)
        for left in sorted(out.glob(".soma-report.*.tmp")):
            # What a night that was killed while writing left behind; under the lock nobody else writes here.
            left.unlink(missing_ok=True)
        # It quotes the traces: for its owner only, like the vault.
        files.write_private(out / PAGE, page.encode())
        if before is not None:
            files.write_whole(out / PREVIOUS, before)
        files.write_whole(out / REPORT, codec.pretty(report).encode() + b"\n")
    except OSError as problem:
        hint = "name a folder you can write to: soma nightly --out DIR PATH"
        raise SomaError(f"the report cannot be written: {problem.strerror}", where=str(out), hint=hint) from problem


def _night(
    harvested: Summary, synthesis: Synthesis, report: Report, out: Path, before: bytes | None, seconds: float
) -> Night:
    health = Counter(agent.health for agent in report.agents)
    return Night(
        vault_version=report.vault_version,
        sources=report.sources.total,
        sources_failed=harvested.sources.failed,
        executions=harvested.executions,
        replayed=synthesis.replayed,
        found=synthesis.found,
        pending=report.governance.to_decide,
        agents=len(report.agents),
        critical=health["critical"],
        degraded=health["degraded"],
        worse=report.changes.worse if report.changes else None,
        better=report.changes.better if report.changes else None,
        gates=dict(sorted(Counter(one.verdict for trial in report.gates for one in trial.comparisons).items())),
        report=str(out / REPORT),
        page=str(out / PAGE),
        previous=str(out / PREVIOUS) if before is not None else None,
        seconds=round(seconds, 3),
    )
