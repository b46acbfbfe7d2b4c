"""Which calls a policy means: by what is called, and by how it ended. Globs only, so no text can make them slow."""

from __future__ import annotations

from typing import Annotated

import msgspec

from soma.action.signature import uncounted
from soma.globs import any_of
from soma.model import NormalizedDecision, Outcome, Role

Glob = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Globs = Annotated[tuple[Glob, ...], msgspec.Meta(max_length=50)]
FAILED: tuple[Outcome, ...] = ("failed", "timeout")


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """What is known before a call is made. Fields left out allow everything; of a list one must match.

    Attributes:
        action: Globs for the enriched name (``exec:node``), with or without its numeric suffix.
        tool: Globs for the tool's name as the framework writes it.
        role: Kinds of tool.
        arguments: Globs for the arguments as JSON text, as the vault keeps them: redacted, at most 4 KiB.
    """

    action: Globs = ()
    tool: Globs = ()
    role: tuple[Role, ...] = ()
    arguments: Globs = ()

    @property
    def anything(self) -> bool:
        """Whether every call is meant."""
        return self == type(self)()

    def matches(self, call: NormalizedDecision) -> bool:
        """Whether ``call`` is meant."""
        return (
            (not self.role or call.role in self.role)
            and (not self.action or any_of(self.action, call.action) or any_of(self.action, uncounted(call.action)))
            and (not self.tool or any_of(self.tool, call.tool))
            and (not self.arguments or (call.arguments is not None and any_of(self.arguments, call.arguments)))
        )


class Result(Call, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """What is known once a call has ended, besides what was known before.

    Attributes:
        outcome: How it ended: ``ok``, ``failed``, ``timeout``, ``skipped``, ``unknown``.
        error: Globs for the error message: redacted, at most 2 KiB.
        slower_ms: It took longer than this; a call of unknown duration never did.
    """

    outcome: tuple[Outcome, ...] = ()
    error: Globs = ()
    slower_ms: float | None = None

    def matches(self, call: NormalizedDecision) -> bool:
        """Whether the finished ``call`` is meant."""
        return (
            (not self.outcome or call.outcome in self.outcome)
            and (self.slower_ms is None or (call.duration_ms is not None and call.duration_ms > self.slower_ms))
            and (not self.error or (call.error is not None and any_of(self.error, call.error)))
            and Call.matches(self, call)
        )
