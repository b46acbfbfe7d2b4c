"""Every agent by health: how its runs end, whether that is getting worse, when it was last seen, what is not known."""

from __future__ import annotations

import msgspec

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.kept import kept, once_of

from .compute import status_of
from .model import Ledger, Run, Status


def run(vault: Queryable, *, version: int = 0, level: float = 0.95) -> Status:
    """The agents of the vault, the least healthy first.

    Args:
        vault: The snapshot to answer from.
        version: Its version, to be shown.
        level: Of all intervals.
    """

    def look() -> Status:
        ledger = answer(vault, Ledger, __name__, "ledger")[0]
        return status_of(once_of(vault)(("health", "runs"), lambda: runs_of(vault)), ledger, version=0, level=level)

    return msgspec.structs.replace(kept(vault, "health", {"level": level}, Status, look), vault_version=version)


def runs_of(vault: Queryable, agent: str | None = None) -> list[Run]:
    """The runs that count, or those of one agent, ordered by agent and time."""
    return answer(vault, Run, __name__, "query", (agent, agent))
