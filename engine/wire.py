"""What goes over the wire to an engine's workers and comes back: msgpack, with tables as Arrow streams.

Nothing is pickled but the name of the function that reads it: who can answer for a worker can send data, never code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from soma import identity
from soma.harvester.piece import Survey
from soma.harvester.portion import Portion, Settings, SourceReport, Task
from soma.source import Damage
from soma.vault.fragment import Fragment

if TYPE_CHECKING:
    import pyarrow as pa

_KEY_MARK_BYTES = 16


class Plan(msgspec.Struct, frozen=True):
    """One round of tasks, for every worker of it.

    Attributes:
        soma: Version of the driver's soma.
        reader: Digest of its adapters and its normaliser.
        settings: What all tasks know, but for the vault's key.
        vault: Folder the key is read from; ``None`` where there is no vault yet.
        key_mark: What ``marked`` says of the driver's key.
        tasks: The tasks, each encoded by itself, so that a worker decodes its own only.
    """

    soma: str
    reader: str
    settings: Settings
    vault: str | None
    key_mark: str
    tasks: list[msgspec.Raw]


class SentPortion(msgspec.Struct, frozen=True):
    """A portion without the task, which the driver has, and with its tables as bytes."""

    reports: list[SourceReport]
    executions: bytes
    insights: bytes
    damages: list[Damage]
    decisions: list[Fragment]
    survey: Survey | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why a worker could not do a task, which no other worker could do either."""

    message: str
    where: str | None
    hint: str
    of_vault: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What a worker sends back for one task: one of the two."""

    portion: SentPortion | None = None
    failure: Failure | None = None


def encode(value: Plan | Task | Answer) -> bytes:
    """As msgpack.

    Raises:
        UnicodeEncodeError: if a path in it is no UTF-8: then it cannot be sent.
    """
    return msgspec.msgpack.encode(value)


def encode_plan(soma: str, reader: str, settings: Settings, vault: str | None, tasks: Sequence[bytes]) -> bytes:
    """A round of encoded tasks, with the vault's place and without its secret key."""
    bare = msgspec.structs.replace(settings, key=b"", vault=None if settings.vault is None else vault)
    return encode(Plan(soma, reader, bare, vault, marked(settings.key), [msgspec.Raw(task) for task in tasks]))


def decode_plan(data: bytes) -> Plan:
    """What ``encode_plan`` made."""
    return msgspec.msgpack.decode(data, type=Plan)


def decode_task(data: msgspec.Raw) -> Task:
    """One task of a plan."""
    return msgspec.msgpack.decode(data, type=Task)


def decode_answer(data: bytes) -> Answer:
    """What a worker sent.

    Raises:
        msgspec.DecodeError: if it is nothing that a worker of this version sends.
    """
    return msgspec.msgpack.decode(data, type=Answer)


def marked(key: bytes) -> str:
    """What tells one secret key from another and does not tell the key: BLAKE2b keyed with it (RFC 7693)."""
    return identity.digest("soma engine", key=key, size=_KEY_MARK_BYTES)


def sent(portion: Portion) -> SentPortion:
    """A portion as it travels."""
    tables = packed(portion.executions), packed(portion.insights)
    return SentPortion(portion.reports, *tables, portion.damages, portion.decisions, portion.survey)


def received(portion: SentPortion, task: Task) -> Portion:
    """A portion as the driver uses it."""
    return Portion(
        task=task, reports=portion.reports, executions=unpacked(portion.executions),
        insights=unpacked(portion.insights), damages=portion.damages, decisions=portion.decisions,
        survey=portion.survey,
    )  # fmt: skip


def packed(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream, its buffers compressed."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    out: bytes = sink.getvalue().to_pybytes()
    return out


def unpacked(data: bytes) -> Any:
    """The table of an Arrow IPC stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
