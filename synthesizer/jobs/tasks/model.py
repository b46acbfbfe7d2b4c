"""What the job ``tasks`` reads and answers."""

from __future__ import annotations

from typing import Literal

import msgspec

Found = Literal["explicit", "text", "like text", "template", "file"]


class Attempt(msgspec.Struct, frozen=True):
    """One execution as far as its task goes; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    task_id: str | None
    task_text: str | None


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What several executions attempted alike.

    Attributes:
        key: The name a rule gives, else the source's own task id, else ``txt-`` and a digest of what the texts share.
        label: Words that tell a person which task it is; no two tasks have the same.
        found: How most of its executions were found: ``explicit`` (the source's id), ``text`` (equal but for dates,
            numbers, paths and ids), ``like text`` (nearly equal), ``template`` (equal but for the words in a slot),
            ``file`` (a rule of the project).
        by: Executions by how each was found.
        texts: How many different normalised texts were taken together; 0 where only ids or rules decided.
        ids: The source's ids taken together, in order; more than one where equal texts joined them.
        agents: Executions per agent.
    """

    key: str
    label: str
    found: Found
    by: dict[Found, int] = {}
    texts: int
    ids: tuple[str, ...] = ()
    executions: int
    agents: dict[str, int]


class RuleUse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One rule of the project and what it did.

    Attributes:
        number: Its place among the rules, from 1.
        task: The task it names; ``None``: it keeps executions out of comparisons.
        conditions: When it holds, in words.
        executions: How many it decided. shadowed: for how many more it holds, which an earlier rule decided.
    """

    number: int
    task: str | None
    conditions: str
    executions: int
    shadowed: int


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
        excluded: Executions a rule keeps out of comparisons.
        cut: Executions whose task is known by the beginning of a request only, because the rest is not stored.
        capped: Whether so many texts differ that not all of them were compared for likeness.
        rules: The rules of the project, in their order.
    """

    tasks: tuple[Task, ...]
    families: tuple[Family, ...]
    assignments: dict[str, str]
    executions: int
    untasked: int
    excluded: int = 0
    cut: int = 0
    capped: bool
    rules: tuple[RuleUse, ...] = ()


class Wording(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One request as it was put: its text, by how many executions, under which ids; found as above."""

    text: str | None
    found: Found
    executions: int
    ids: tuple[str, ...]
    agents: dict[str, int]


class Member(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One execution of a task; ``wording`` is the place of its request in the list of wordings, from 1."""

    execution_id: str
    agent_id: str
    found: Found
    task_id: str | None
    wording: int


class Detail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One task with its requests, the most frequent first, and its executions in the order of their ids."""

    task: Task
    wordings: tuple[Wording, ...]
    executions: tuple[Member, ...]
