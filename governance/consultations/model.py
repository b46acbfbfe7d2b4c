"""What the chain of a policy reads and answers. Units are executions; times are epoch microseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.governance.backtest.model import Measure
from soma.governance.model import Proposal, Ratified
from soma.governance.policy import Policy
from soma.synthesizer.jobs.divergence.model import Verdict
from soma.synthesizer.stats import Difference, Proportion

Way = Literal["guard", "tool", "prompt", "reasoning", "arguments"]
"""How a run consulted it: a guard told it; soma's own tools answered it (MCP server, command line); the request, the
agent's reasoning or a call's arguments name it."""
Heeded = Literal["followed", "ignored", "not judged"]
WAYS: tuple[Way, ...] = ("guard", "tool", "prompt", "reasoning", "arguments")


class Named(msgspec.Struct, frozen=True):
    """A text that may name the policy; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    decision_id: str | None
    place: Way
    action: str
    said: str
    at: int | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One time a run was told.

    Attributes:
        decision_id: The check, or the decision whose text names the policy; ``None`` for the request.
        call_id: The call a guard was asked about. blocked: Whether it stopped it.
        evidence: The calls the guard's answer rests on. digest: The version it told; empty where that is not known.
    """

    way: Way
    decision_id: str | None
    at: int | None = None
    call_id: str = ""
    blocked: bool = False
    evidence: tuple[str, ...] = ()
    digest: str = ""


class Tellings(msgspec.Struct, frozen=True, kw_only=True):
    """All that was told.

    Attributes:
        runs: By execution. shadow: Runs in which a guard only counted it: the agent was not told.
        unseen: Runs that asked soma's tools, but what is kept of the answers does not show the policy.
        strangers: Runs that guards name and the vault does not hold. ordinary: The id is too ordinary a word, so what
            texts say was not looked at.
    """

    runs: dict[str, tuple[Told, ...]]
    shadow: int
    unseen: int
    strangers: int
    ordinary: bool


class Consultation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One run that consulted the policy.

    Attributes:
        way: How it did so first. decision_id: Where; ``None`` for the request.
        times: How often it was told.
        heeded: ``ignored`` when a call after the first consultation is one the policy holds against, ``followed`` when
            none is. why: Why it could not be judged.
        did: Action of the first call against it, or of the call that came next where none was.
        did_step, did_decision_id: Its place, from 0, and id.
        calls_after: Calls from the consultation on. against: Those of them the policy holds against.
        good: Whether the run did well by the measure; ``None`` when that is not known.
    """

    execution_id: str
    agent_id: str
    task: str
    way: Way
    decision_id: str | None
    times: int
    heeded: Heeded
    why: str = ""
    did: str | None = None
    did_step: int | None = None
    did_decision_id: str | None = None
    calls_after: int = 0
    against: int = 0
    good: bool | None = None


class PolicyChain(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Evidence, insight, policy, consultations, what the agents did, outcome.

    Attributes:
        evidence: What the policy rests on: execution or decision ids. insight: The finding it came from, where it did.
        policy: Its newest version. ratified: All versions in the canon; empty for a proposal.
        consulted: Runs that consulted it. ways: The same by how.
        followed, ignored, not_judged: Of them. why_not: Reasons of the last, with how many runs.
        shadow, unseen, strangers: Runs that do not count: see ``Tellings``.
        measure: Whether doing well means success of the task or how the run ended.
        followed_well, ignored_well: How many did well, of all whose end is known.
        difference: Followed minus ignored on the same tasks; ``None`` where too few can be compared.
        same_agent: Whether only runs of one agent were compared with each other.
        compared_followed, compared_ignored: The two sides of that comparison.
        verdict: What it allows to say, with shares closer than ``delta`` counting as alike.
        more: About how many more runs of each side on the same tasks would show a difference of ``delta``, where there
            is not enough data.
        shown: Some consultations, those that ignored it first.
        cautions: What to keep in mind, in words.
    """

    policy: Policy
    evidence: tuple[str, ...]
    insight: Proposal | None
    ratified: tuple[Ratified, ...]
    consulted: int
    ways: dict[str, int]
    followed: int
    ignored: int
    not_judged: int
    why_not: dict[str, int]
    shadow: int
    unseen: int
    strangers: int
    measure: Measure
    followed_well: Proportion
    ignored_well: Proportion
    difference: Difference | None
    same_agent: bool
    compared_followed: Proportion | None
    compared_ignored: Proportion | None
    verdict: Verdict
    delta: float
    more: int | None
    shown: tuple[Consultation, ...]
    cautions: tuple[str, ...]
