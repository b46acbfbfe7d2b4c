"""The harvest: plan against the ledger, read in parallel, resolve what belongs together, commit in portions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from soma import clock
from soma.config import personal_key
from soma.errors import VaultConflict
from soma.vault import VaultRoot, Writer

from .discover import Discovery, check_paths, discover
from .options import Options, Progress
from .pool import Pool, StartWorkers
from .redact import Redactor
from .run import Run
from .summary import Summary
from .tally import Tally

__all__ = ["Options", "Progress", "harvest"]

_DEFAULTS = Options()
_ATTEMPTS = 5


def harvest(
    paths: Sequence[str],
    vault: VaultRoot,
    options: Options = _DEFAULTS,
    on_progress: Callable[[Progress], None] | None = None,
    start_workers: StartWorkers | None = None,
) -> Summary:
    """Read what is new or changed at ``paths`` into the vault.

    Harvesting the same files again writes nothing; the order of paths, the number of jobs and earlier partial harvests
    never change what the vault answers.

    Args:
        paths: Files, folders and globs.
        vault: Where to; made if it is not there.
        options: How.
        on_progress: Told after every portion.
        start_workers: Who reads the sources; processes of this machine by default.

    Raises:
        UsageError: if a path does not exist.
        VaultConflict: if other writers were faster time and again.
        VaultError: if the vault cannot be written to. What is wrong with a source never raises: it is in the summary.
    """
    started = clock.stopwatch()
    check_paths(paths)
    if options.dry_run:
        return _harvest(paths, vault, None, options, on_progress, start_workers, started)
    if not vault.exists:
        vault.create(personal_key())
    tally = Tally(Redactor(vault.key()).path)
    for _ in range(_ATTEMPTS - 1):
        try:
            with vault.writer() as writer:
                return _harvest(paths, vault, writer, options, on_progress, start_workers, started, tally)
        except VaultConflict:
            # Another writer was faster: what is left to read, the ledger tells as it is now.
            tally.begin_again()
    with vault.writer() as writer:
        return _harvest(paths, vault, writer, options, on_progress, start_workers, started, tally)


def _harvest(
    paths: Sequence[str], vault: VaultRoot, writer: Writer | None, options: Options,
    on_progress: Callable[[Progress], None] | None, start_workers: StartWorkers | None, started: float,
    tally: Tally | None = None,
) -> Summary:  # fmt: skip
    run = Run(vault, writer, options, on_progress, start_workers or partial(Pool, options.workers), tally)
    # Only now, under the lock: another harvest may have read newer bytes while this one waited.
    discovery = _outside(vault, discover(paths, since_ns=options.since_ns, known=run.quiet.knows))
    try:
        run.read(discovery)
    except KeyboardInterrupt:
        run.tally.interrupted = True
    return run.tally.summary(discovery, clock.stopwatch() - started, writer.version if writer else None)


def _outside(vault: VaultRoot, discovery: Discovery) -> Discovery:
    inside = str(vault.storage.folder("").resolve()) + "/"
    for folder in [folder for folder in discovery.listings if f"{folder}/".startswith(inside)]:
        del discovery.listings[folder]
    for path in [path for path in discovery.single if path.startswith(inside)]:
        del discovery.single[path]
    return discovery
