"""The workers of a Spark Connect server in the place of the harvester's process pool."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import msgspec
import zstandard

from soma import __version__
from soma.errors import VaultError
from soma.harvester.pool import StartWorkers
from soma.harvester.portion import Portion, Settings, Task
from soma.harvester.work import current_reader, perform
from soma.schema import DECISIONS
from soma.vault import VaultRoot

from . import wire
from .session import EngineError, EngineSession, opened, told
from .worker import SCHEMA, Reader

_ROUND_TASKS = 1024
_ROUND_BYTES = 4 << 20
"""Encoded tasks of one round: every partition gets the whole plan, compressed, and looks for its own task in it."""


class EnginePool:
    """Runs tasks on an engine; only what it yields is ever committed.

    A task is one partition, so that a worker that is lost costs the tasks it was at. An engine may do a task twice: the
    fragments of the answer that does not come back stay on the disk, and no table ever names them.

    Args:
        session: An open session with the server.
        settings: What all tasks know.
        vault: Folder of the vault, from which workers read its key; ``None`` where there is none.
    """

    def __init__(self, session: EngineSession, settings: Settings, vault: Path | None) -> None:
        self._session = session
        self._settings = settings
        self._vault = vault
        self._stopped = False

    def __enter__(self) -> EnginePool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None:
            self.stop()

    def stop(self) -> None:
        """Tell the engine to end what it is at: what still has to be done is done in this process."""
        import grpc
        from pyspark.errors import PySparkException

        if self._stopped:
            return
        self._stopped = True
        # Where that fails, the work ends with the session; until then it can only leave fragments that nobody names.
        with contextlib.suppress(PySparkException, grpc.RpcError):
            self._session.spark.interruptAll()

    def run(self, tasks: Iterable[Task]) -> Iterator[Portion]:
        """Perform tasks, in rounds, and yield results as they come back.

        Raises:
            EngineError: if the engine fails, or its workers have another soma or see another disk.
            VaultError: if a worker cannot write to the vault.
        """
        for some in _rounds(tasks):
            sendable: list[tuple[Task, bytes]] = []
            for task, encoded in some:
                if encoded is None or self._stopped:
                    yield perform(task, self._settings)
                else:
                    sendable.append((task, encoded))
            if sendable:
                yield from self._round(sendable)

    def _round(self, some: list[tuple[Task, bytes]]) -> Iterator[Portion]:
        import grpc
        from pyspark.errors import PySparkException

        encoded = [data for _, data in some]
        plan = wire.encode_plan(__version__, current_reader(), self._settings, self._vault, encoded)
        spark = self._session.spark
        rows = spark.range(0, len(some), 1, len(some)).mapInArrow(Reader(zstandard.compress(plan)), SCHEMA)
        missing = {number: task for number, (task, _) in enumerate(some)}
        try:
            for row in rows.toLocalIterator():
                # An answer that comes a second time has nothing to add.
                if (task := missing.pop(row.number, None)) is not None:
                    yield self._portion(bytes(row.answer), task)
        except (PySparkException, grpc.RpcError) as problem:
            # What came back is still committed, and what has to be read for it is read here.
            self._stopped = True
            raise _failed(problem, self._session.address) from problem
        if missing:
            raise EngineError(f"{len(missing)} of {len(some)} tasks came back without an answer",
                              where=self._session.address)  # fmt: skip

    def _portion(self, data: bytes, task: Task) -> Portion:
        try:
            answer = wire.decode_answer(data)
        except msgspec.DecodeError as problem:
            raise EngineError("the answer of a worker cannot be read", where=self._session.address) from problem
        if answer.portion is None:
            failure = answer.failure or wire.Failure("a worker answered nothing", None, EngineError.default_hint)
            kind = VaultError if failure.of_vault else EngineError
            raise kind(failure.message, where=failure.where, hint=failure.hint)
        self._require_here(answer.portion)
        return wire.received(answer.portion, task)

    def _require_here(self, portion: wire.SentPortion) -> None:
        """A commit of files that only a worker sees would be a vault that nobody can read."""
        if self._settings.vault is None:
            return
        folder = Path(self._settings.vault) / DECISIONS.path
        for fragment in portion.decisions:
            path = folder / fragment.name
            if not path.is_file() or path.stat().st_size != fragment.size:
                raise EngineError(
                    "what a worker wrote is not to be seen here",
                    where=str(path),
                    hint="the vault must lie on a disk that this machine and every worker share, under the same path",
                )


def workers_of(session: EngineSession, vault: VaultRoot) -> StartWorkers:
    """Workers for ``soma.harvester.harvest``: those of an engine."""

    def start(settings: Settings, _: int) -> EnginePool:
        return EnginePool(session, settings, vault.path if vault.exists else None)

    return start


@contextmanager
def workers(engine: str, vault: VaultRoot) -> Iterator[StartWorkers | None]:
    """Who reads sources for a harvest into ``vault``: the engine that the settings name, or ``None`` for this machine.

    Raises:
        UsageError, EngineError: as ``opened``.
    """
    with opened(engine) as session:
        yield None if session is None else workers_of(session, vault)


def _rounds(tasks: Iterable[Task]) -> Iterator[list[tuple[Task, bytes | None]]]:
    """Tasks with their encoding, or ``None`` where a path cannot be sent; as many as one plan may hold."""
    some: list[tuple[Task, bytes | None]] = []
    size = 0
    for task in tasks:
        encoded = _encoded(task)
        some.append((task, encoded))
        size += len(encoded or b"")
        if len(some) >= _ROUND_TASKS or size >= _ROUND_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _encoded(task: Task) -> bytes | None:
    try:
        return wire.encode(task)
    except UnicodeEncodeError:
        return None


def _failed(problem: BaseException, where: str) -> EngineError:
    """The error for a person, with what to do about the ones that a first attempt runs into."""
    text = str(problem)
    if "No module named 'soma" in text:
        return EngineError("the workers of the engine have no soma", where=where,
                           hint=f"install it where they run: pip install soma-harvest=={__version__}")  # fmt: skip
    if "PYTHON_VERSION_MISMATCH" in text:
        return EngineError("the workers of the engine run another Python than this one", where=where,
                           hint="let PYSPARK_PYTHON of the server name the same minor version")  # fmt: skip
    lines = [line for line in text.splitlines() if line.strip()]
    # A traceback ends with what was raised.
    last = next((line for line in reversed(lines) if line[0] not in " \t"), "")
    message = f"the engine failed: {told(problem)}" + (f" … {last[:300]}" if len(lines) > 1 else "")
    return EngineError(message, where=where, hint="what was committed is kept; run it again, or with --engine local")
