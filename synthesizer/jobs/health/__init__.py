"""Every agent by health: how its runs end, whether that is getting worse, when it was last seen, what is not known."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer

from .compute import status_of
from .model import Ledger, Run, Status


def run(vault: Queryable, *, version: int = 0, level: float = 0.95) -> Status:
    """The agents of the vault, the least healthy first.

    Args:
        vault: The snapshot to answer from.
        version: Its version, to be shown.
        level: Of all intervals.
    """
    ledger = answer(vault, Ledger, __name__, "ledger")[0]
    return status_of(answer(vault, Run, __name__, "query"), ledger, version=version, level=level)
