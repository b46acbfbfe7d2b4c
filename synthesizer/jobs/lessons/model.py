"""What the job ``lessons`` reads and answers. Shares lie between 0 and 1; an execution counts once in each share."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Difference, Proportion

Way = Literal["changed", "after", "other tool", "again"]
Verdict = Literal["helps", "does harm", "alike", "not enough data"]


class Step(msgspec.Struct, frozen=True):
    """One choice that failed or follows a failure; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    decision_id: str
    tool: str
    action: str
    role: str
    outcome: str
    started_at: int | None
    place: int
    arguments: str | None
    error: str | None
    output: str | None


class Evidence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One time the fix was tried: the call that failed, the one that followed, and whether that went well."""

    execution_id: str
    failed: str
    tried: str
    worked: bool


class Lesson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An error, what was done about it, and how often that worked.

    Attributes:
        lesson_id: Stays the same while tool, error and fix do.
        tool: The tool, of a shell the program (``exec:od``).
        pattern: What all texts of this error have in common; error: the most frequent of them, one line.
        fix: What changed between the call that failed and the one that followed, in words; the most frequent wording.
        way: ``changed`` arguments, ``after`` another step, with an ``other tool``, or the same call ``again``.
        seen: How often the fix was followed by success; tried: how often it was tried.
        executions: In how many executions it worked; agents: in how many of each agent.
        worked: Executions that tried it: whether its first try in them went well.
        without: Executions that met this error with this tool and never tried this fix: whether the call went well
            at any later attempt soon after. Those that did not try again at all count as not.
        gave_up: How many of ``without`` did not try again.
        difference: Worked minus without, on tasks with both; ``None`` when there is no such task.
        q_value: Of the difference, adjusted over all lessons of the answer.
        evidence: The first few tries, those that worked first.
    """

    lesson_id: str
    tool: str
    pattern: str
    error: str
    fix: str
    way: Way
    seen: int
    tried: int
    executions: int
    agents: dict[str, int]
    worked: Proportion
    without: Proportion
    gave_up: int
    difference: Difference | None
    q_value: float | None
    verdict: Verdict
    evidence: tuple[Evidence, ...]


class Lessons(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was learned from errors that were fixed, the best supported first.

    Attributes:
        agent, tool, query: What was asked for.
        failures: Choices that failed, in the whole vault; wordless: of these, without an error text that says
            anything; retried: followed soon by another attempt at the same; fixed: by one that went well.
        rewritten: Attempts that went well but share too little with the call that failed for what changed to be named,
            or came after too much else; masked: that only keep the failure from showing.
        near: Similarity to ``query`` of each lesson, in the same order; empty when nothing was asked.
        not_known: What the sources cannot tell.
    """

    lessons: tuple[Lesson, ...]
    agent: str | None
    tool: str | None
    query: str | None
    near: tuple[float, ...]
    executions: int
    failures: int
    wordless: int
    retried: int
    fixed: int
    rewritten: int
    masked: int
    delta: float
    level: float
    not_known: tuple[str, ...]
