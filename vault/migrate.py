"""Bringing an older vault up to date, one numbered step at a time.

Every step is idempotent, so that an upgrade that was killed can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from soma.errors import VaultError
from soma.schema import SCHEMA_VERSION

from .storage import Storage

Step = Callable[[Storage], None]

STEPS: dict[int, Step] = {}
"""Layout version to the step that leads to the next one. Layout 1 is the first."""


def upgrade(vault: Storage, version: int, steps: Mapping[int, Step] = STEPS, target: int = SCHEMA_VERSION) -> None:
    """Run every step from ``version`` to ``target``. The caller holds the writer's lock.

    Raises:
        VaultError: if a step is missing.
    """
    while version < target:
        step = steps.get(version)
        if step is None:
            raise VaultError(f"no way leads from layout {version} to {version + 1}", where=vault.address,
                             hint="harvest the sources into a new vault")  # fmt: skip
        step(vault)
        version += 1
