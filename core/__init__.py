"""soma reads the traces of AI agents and answers what they decided, how that ended and where they part.

    >>> import soma
    >>> vault = soma.Vault(".soma")           # doctest: +SKIP
    >>> vault.harvest(["traces/"])            # doctest: +SKIP
    >>> vault.briefing("mailer").agent.health # doctest: +SKIP
    'critical'

The same on the command line: ``soma harvest traces/``, ``soma briefing --agent mailer``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from soma.errors import SomaError

if TYPE_CHECKING:
    from soma.api import Vault
    from soma.harvester.summary import Summary
    from soma.model import Execution, NormalizedDecision
    from soma.vault import Snapshot

__version__ = "0.1.0"

__all__ = ["Execution", "NormalizedDecision", "Snapshot", "SomaError", "Summary", "Vault", "__version__"]

# Loaded when they are first asked for, so that importing soma costs milliseconds.
_LATER = {
    "Execution": "soma.model",
    "NormalizedDecision": "soma.model",
    "Snapshot": "soma.vault",
    "Summary": "soma.harvester.summary",
    "Vault": "soma.api",
}


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'soma' has no attribute {name!r}")
