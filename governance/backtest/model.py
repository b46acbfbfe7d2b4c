"""What a policy would have done in the past."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.governance.policy import Policy
from soma.synthesizer.stats import Difference, Proportion

Measure = Literal["success", "status"]


class Example(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One execution that would have been hit.

    Attributes:
        step: Step of the first call that is hit, ``action`` and ``decision_id`` its own.
        evidence: The decisions before it that make the condition hold.
        calls_left: Calls from it on. good: Whether the execution did well by the measure.
    """

    execution_id: str
    agent_id: str
    step: int
    action: str
    decision_id: str
    evidence: tuple[str, ...]
    calls_left: int
    good: bool | None


class AgentTally(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The executions of one agent: covered by the scope, hit, and of the hit ones how many did badly and well."""

    agent_id: str
    covered: int
    hit: int
    bad: int
    good: int


class Backtest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy replayed over the executions of a vault.

    Attributes:
        policy: What was tried.
        measure: Whether doing well means success of the task or how the execution ended.
        executions: In the vault. covered: Inside the scope and judged. unjudged: Inside the scope, but what the
            condition asks about is not known of them.
        hit: Executions with at least one call hit. decisions: Calls hit. calls: All calls of covered executions.
        saved: Of the covered executions that did badly, those it would have stopped before their end.
        false_blocks: Of those that did well, those it would have stopped.
        failing: Of the hit ones whose end is known, those that did badly.
        unknown: Hit executions of which it is not known how they did.
        effect: Hit minus not hit, compared task by task; ``None`` where too few can be compared.
        same_agent: Whether only runs of the same agent were compared; where these are few, all agents are.
        hit_share, other_share: The two sides of that comparison.
        calls_left: Median calls from the first hit on, of hit executions. ms_left: Median time from it to the end.
        agents: By agent, those with most hits first.
        saves, blocks: Examples of executions that did badly and well.
        cautions: What to keep in mind, in words.
    """

    policy: Policy
    measure: Measure
    executions: int
    covered: int
    unjudged: int
    hit: int
    decisions: int
    calls: int
    saved: Proportion
    false_blocks: Proportion
    failing: Proportion
    unknown: int
    effect: Difference | None
    same_agent: bool
    hit_share: Proportion | None
    other_share: Proportion | None
    calls_left: float | None
    ms_left: float | None
    agents: tuple[AgentTally, ...]
    saves: tuple[Example, ...]
    blocks: tuple[Example, ...]
    cautions: tuple[str, ...]
