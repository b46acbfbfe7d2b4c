"""What runs on an engine's workers: each partition names tasks of a plan, read as a local worker reads them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import zstandard

from soma import __version__
from soma.errors import SomaError, VaultError
from soma.harvester.portion import Settings
from soma.harvester.work import current_reader, perform
from soma.vault import VaultRoot

from . import wire

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "number bigint, answer binary"
# Engines that run several partitions in one process (Sail does) take turns: reading holds the interpreter's own lock
# nearly all the time, and the memory of one task is what a worker is meant to need.
_TURN = threading.Lock()


class Reader:
    """The function given to ``mapInArrow``: numbers of tasks in, answers out. Sent to workers by its name.

    Args:
        plan: The encoded plan, compressed with zstd.
    """

    def __init__(self, plan: bytes) -> None:
        self._plan = plan

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answer every task that is named."""
        import pyarrow as pa

        plan = wire.decode_plan(zstandard.decompress(self._plan))
        for batch in batches:
            for number in batch.column(0).to_pylist():
                with _TURN:
                    answer = wire.encode(_answer(plan, number))
                columns = [pa.array([number], pa.int64()), pa.array([answer], pa.binary())]
                yield pa.record_batch(columns, names=["number", "answer"])


def _answer(plan: wire.Plan, number: int) -> wire.Answer:
    """What comes of a task. A failure that is returned ends the harvest; what is raised, the engine tries again."""
    try:
        settings = _settings(plan)
        portion = perform(wire.decode_task(plan.tasks[number]), settings)
    except SomaError as problem:
        of_vault = isinstance(problem, VaultError)
        return wire.Answer(failure=wire.Failure(problem.message, problem.where, problem.hint, of_vault))
    return wire.Answer(portion=wire.sent(portion))


def _settings(plan: wire.Plan) -> Settings:
    """The settings of the driver with the vault's key, which does not travel: it is read where the vault is.

    Raises:
        SomaError: if this worker has another soma than the driver, or sees another vault.
    """
    if (plan.soma, plan.reader) != (__version__, current_reader()):
        raise SomaError(
            f"a worker of the engine has another soma ({__version__}) than this one ({plan.soma})",
            hint=f"install the same on every worker: pip install soma-harvest=={plan.soma}, with the same plugins",
        )
    if plan.vault is None:
        return plan.settings
    shared = "vault and sources must lie under the same path on this machine and on every worker"
    try:
        key = VaultRoot(plan.vault).key()
    except VaultError as problem:
        raise SomaError(
            "a worker of the engine cannot read the vault's key", where=problem.where, hint=shared
        ) from None
    if wire.marked(key) != plan.key_mark:
        raise SomaError("a worker of the engine sees another vault under this path", where=plan.vault, hint=shared)
    return msgspec.structs.replace(plan.settings, key=key)
