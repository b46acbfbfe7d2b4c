"""What the driver of a harvest and its workers tell each other: tasks out, portions back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from soma.adapters.mapped import Mapping
from soma.source import DEFAULT_LIMITS, Damage, Limits
from soma.vault.fragment import Fragment

from .agents import AgentNames
from .discover import Candidate

if TYPE_CHECKING:
    import pyarrow as pa

State = Literal["read", "same", "empty", "companion", "copy", "unrecognised", "failed"]
"""``same``: only its time has changed, its bytes are those that were read before."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every worker of one harvest knows.

    Attributes:
        vault: Folder of the vault; ``None`` reads without writing anything.
        key: The vault's secret key.
        agents: Names agents that traces leave unnamed.
        format: Name of the one adapter to use instead of recognising, if any.
        mapping: A format described by a person, tried before all others.
        emails, phones: Whether these count as secrets too.
    """

    vault: str | None
    key: bytes
    agents: AgentNames = AgentNames()
    format: str | None = None
    mapping: Mapping | None = None
    limits: Limits = DEFAULT_LIMITS
    emails: bool = False
    phones: bool = False


class Told(msgspec.Struct, frozen=True):
    """A decision that the vault holds from a relative that cannot be read now.

    Attributes:
        execution_id: The execution that has it.
        started_at: When it was taken, in epoch microseconds.
    """

    execution_id: str
    started_at: int | None


class Kin(msgspec.Struct, frozen=True):
    """Sources that are read and resolved together; nearly always one.

    Attributes:
        sources: The sources.
        told: The framework's own id of a decision to what relatives that cannot be read now told of it.
    """

    sources: list[Candidate]
    told: dict[str, list[Told]] = {}

    @property
    def size(self) -> int:
        """Bytes of all its sources."""
        return sum([candidate.size for candidate in self.sources])


class Known(msgspec.Struct, frozen=True):
    """How a source was read last: a source of just these bytes need not be read again."""

    adapter: str
    content_hash: str


class Task(msgspec.Struct, frozen=True):
    """Work for one process.

    Attributes:
        number: Unique inside one harvest.
        commit: Number of the first commit of the harvest; with ``number`` it makes every reading distinct.
        kins: What to read.
        known: Source id to how it was read last, for those that may hold the same bytes.
    """

    number: int
    commit: int
    kins: list[Kin]
    known: dict[str, Known] = {}

    @property
    def size(self) -> int:
        """Bytes of all its sources."""
        return sum(kin.size for kin in self.kins)


class SourceReport(msgspec.Struct):
    """What came of one source; ``shown`` is its path as text without secrets."""

    candidate: Candidate
    shown: str = ""
    state: State = "read"
    reason: str | None = None
    adapter: str | None = None
    adapter_version: int | None = None
    variant: str = ""
    stamp: str = ""
    content_hash: str = ""
    bytes_read: int = 0
    claims: list[str] = msgspec.field(default_factory=list)
    records: int = 0
    executions: int = 0
    decisions: int = 0
    patterns: int = 0
    quarantined: int = 0
    redactions: dict[str, int] = msgspec.field(default_factory=dict)

    def fail(self, reason: str) -> None:
        """The source cannot be used, for this reason."""
        self.state, self.reason = "failed", reason


class Portion(msgspec.Struct):
    """What a task brings back: reports, small tables, and the names of the fragments that hold its decisions."""

    task: Task
    reports: list[SourceReport]
    executions: pa.Table
    insights: pa.Table
    damages: list[Damage]
    decisions: list[Fragment]
    decision_rows: pa.Table | None = None
