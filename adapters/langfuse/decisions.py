"""Calls as decisions."""

from __future__ import annotations

import re

from soma import clock
from soma.model import DecisionDraft, Outcome

from .about import agent_named
from .calls import Made
from .observation import Observation
from .tree import Tree

_TIMEOUT = re.compile(r"tim(?:e|ed)[\s_-]?out", re.IGNORECASE)
_LOOKED_AT = 500


def decisions_of(calls: list[Made], tree: Tree, execution_id: str) -> list[DecisionDraft]:
    """The decisions of an execution; a call made inside another one has that as its parent."""
    by_id = {made.observation.observation_id: _decision(made) for made in calls}
    for observation_id, draft in by_id.items():
        caller = next((holder for holder in tree.above(observation_id) if holder in by_id), None)
        draft.parent_decision_id = f"{execution_id}#{caller}" if caller is not None else None
    for node in reversed(tree.ordered):
        if node.kind != "AGENT":
            continue
        caller = next((holder for holder in tree.above(node.observation_id) if holder in by_id), None)
        if caller is not None:
            draft = by_id[caller]
            draft.kind, draft.role = "delegation", "delegate"
            draft.action = f"delegate:{agent_named(node) or draft.tool}"
    return list(by_id.values())


def _decision(made: Made) -> DecisionDraft:
    observation, message = made.observation, made.message
    outcome = outcome_of(observation)
    draft = DecisionDraft(
        tool=made.tool,
        arguments=observation.arguments,
        outcome=outcome,
        reasoning=observation.thought,
        output=observation.result.text,
        error=(observation.message or observation.result.text) if outcome in ("failed", "timeout") else None,
        started_at=observation.started_at,
        duration_ms=clock.elapsed_ms(observation.started_at, observation.ended_at),
        native_id=observation.observation_id,
        source_id=observation.source_id,
        offset=observation.offset,
        length=observation.length,
    )
    if message is not None:
        draft.reasoning, draft.model = draft.reasoning or message.reply.text, message.model
        if not message.spent:
            message.spent = True
            draft.tokens_in, draft.tokens_out = message.tokens.input, message.tokens.output
            draft.cost_usd = message.cost
    return draft


def outcome_of(observation: Observation) -> Outcome:
    """How a call ended: by its level, or by an answer that marks itself as an error its framework handled."""
    if observation.failed or observation.result.failed:
        told = observation.message if observation.message is not None else observation.result.text
        return "timeout" if _TIMEOUT.search((told or "")[:_LOOKED_AT]) else "failed"
    return "ok" if observation.ended_at is not None or observation.result.text is not None else "unknown"
