"""What the job ``tasks`` reads and answers."""

from __future__ import annotations

from typing import Literal

import msgspec

Found = Literal["explicit", "text", "like text"]


class Attempt(msgspec.Struct, frozen=True):
    """One execution as far as its task goes; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    task_id: str | None
    task_text: str | None


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What several executions attempted alike.

    Attributes:
        key: The source's own task id, or ``txt-`` and a digest of the normalised text.
        label: Words that tell a person which task it is.
        found: By the source's id, by equal normalised text, or by texts that are nearly equal.
        texts: How many different normalised texts were taken together.
        agents: Executions per agent.
    """

    key: str
    label: str
    found: Found
    texts: int
    executions: int
    agents: dict[str, int]


class Family(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Agents that do the same work: each shares a task with another of them."""

    family_id: str
    agents: tuple[str, ...]
    tasks: int
    executions: int


class Tasks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every task of the vault, the most attempted first, and the task of each execution.

    Attributes:
        assignments: Execution id to task key.
        untasked: Executions whose source names no task and whose request says too little to compare.
        capped: Whether so many texts differ that not all of them were compared for likeness.
    """

    tasks: tuple[Task, ...]
    families: tuple[Family, ...]
    assignments: dict[str, str]
    executions: int
    untasked: int
    capped: bool
