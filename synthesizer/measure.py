"""Whether an execution did well, by the measure an answer counts with."""

from __future__ import annotations

from typing import Literal, Protocol


class Ended(Protocol):
    """A row about an execution that tells how it ended."""

    @property
    def status(self) -> str:
        """``completed``, ``failed`` or ``unknown``."""
        ...

    @property
    def success(self) -> bool | None:
        """Whether the task was achieved; ``None`` when that is not known."""
        ...


def did_well(run: Ended, measure: Literal["success", "status"]) -> bool | None:
    """Whether the execution did well by this measure; ``None`` when that is not known."""
    if measure == "success":
        return run.success
    return None if run.status == "unknown" else run.status == "completed"
