"""How to harvest, and how far a harvest is."""

from __future__ import annotations

import msgspec

from soma import codec, config, identity
from soma.adapters.mapped import Mapping, load
from soma.source import DEFAULT_LIMITS, MIB, Limits

from .agents import AgentNames
from .pool import default_jobs
from .portion import Settings
from .work import current_reader


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to harvest; the defaults suit a folder of mixed traces.

    Attributes:
        jobs: Worker processes; ``None`` means one per processor.
        format: Use this adapter for every file instead of recognising.
        mapping: A format described by a person, tried before all others.
        agents: Names for agents that traces leave unnamed.
        since_ns: Only files modified at or after this instant (nanoseconds since 1970).
        dry_run: Read and report, write nothing.
        emails, phones: Redact these too.
        limits: What one source may ask for.
        split_bytes: How large a file has to be to be read in parts, where its format allows that.
    """

    jobs: int | None = None
    format: str | None = None
    mapping: Mapping | None = None
    agents: AgentNames = AgentNames()
    since_ns: int | None = None
    dry_run: bool = False
    emails: bool = False
    phones: bool = False
    limits: Limits = DEFAULT_LIMITS
    split_bytes: int = 128 * MIB

    @property
    def workers(self) -> int:
        """How many worker processes to use."""
        return self.jobs or default_jobs()

    def reader(self) -> str:
        """Digest of all that decides what the same bytes yield: the adapters, the normaliser and these options."""
        told = (self.format, self.mapping, self.agents, self.emails, self.phones, self.limits)
        return identity.digest(current_reader() + codec.encode(told))

    def settings(self, vault: str | None, key: bytes) -> Settings:
        """What workers have to know."""
        return Settings(
            vault=vault, key=key, agents=self.agents, format=self.format, mapping=self.mapping, limits=self.limits,
            emails=self.emails, phones=self.phones,
        )  # fmt: skip


class Progress(msgspec.Struct, frozen=True):
    """How far a harvest is: sources and bytes done and in total."""

    sources: int
    sources_total: int
    bytes: int
    bytes_total: int


def options_of(settings: config.Settings, *, agent: str | None = None, format_: str | None = None) -> Options:
    """What the settings in force say about harvesting.

    Args:
        settings: The settings.
        agent: Name all agents so, whatever the traces say.
        format_: Read every file as this format.

    Raises:
        ConfigError: if the mapping they name cannot be used.
    """
    return Options(
        jobs=settings.jobs,
        format=format_,
        mapping=load(settings.mapping) if settings.mapping else None,
        agents=AgentNames(override=agent, rules=settings.agents),
        emails=settings.redact.emails,
        phones=settings.redact.phones,
    )
