"""Findings as policies a person may ratify: one deterministic function for each type of finding.

A draft is shown and tried on history; it is stored nowhere and binds nobody until a person promotes it. A finding that
says what is, but not which call was wrong, gives no draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from soma import codec
from soma.identity import digest
from soma.model import Role
from soma.synthesizer.error_text import as_glob
from soma.synthesizer.jobs.insights import Insight
from soma.synthesizer.jobs.insights.contradictions import details_of
from soma.synthesizer.wording import plain

from .policy import FAILED, Action, Bottleneck, Call, Condition, Policy, Prefix, Scope, Sequence, Step

_MESSAGE = 900
_NAME = 80
Drafted = tuple[Condition, str, Scope]


def learned(insight: Insight) -> str:
    """Digest of what was found: equal as long as the finding and its figures are."""
    said = [
        insight.type, insight.subject, insight.claim, insight.estimate, insight.low, insight.high, insight.support,
        insight.agents, insight.tasks, insight.evidence, insight.details,
    ]  # fmt: skip
    return digest(codec.encode(said), size=16)


def policy_id(insight_id: str) -> str:
    """The id of the policy a proposal becomes."""
    return "pol-" + insight_id.removeprefix("ins-")


def draft(insight: Insight) -> Policy | None:
    """The policy a finding suggests; ``None`` where there is nothing to bind."""
    made = _DRAFTS.get(insight.type, _nothing)(insight)
    if made is None:
        return None
    condition, advice, scope = made
    return Policy(
        id=policy_id(insight.insight_id),
        scope=scope,
        condition=condition,
        message=plain(f"{advice} {insight.claim}", _MESSAGE),
        evidence=tuple(insight.evidence),
        learned_from=learned(insight),
        origin=insight.insight_id,
    )


def why_none(insight: Insight) -> str:
    """Why a finding without a draft has none."""
    if insight.type in _DRAFTS:
        return "the finding does not say which call was the wrong one"
    return f"a finding of the type {insight.type} says what is, not which call should not be made"


def _nothing(_: Insight) -> None:
    return None


def _text(insight: Insight, name: str) -> str:
    value = details_of(insight).get(name)
    return value if isinstance(value, str) else ""


def _scope(insight: Insight) -> Scope:
    return Scope(agents=tuple(insight.agents), tasks=tuple(insight.tasks))


def _choice(insight: Insight) -> Drafted | None:
    """Taking the choice that goes with failure: of a path (divergence, failure prefix)."""
    avoids, prefers = _text(insight, "avoids"), _text(insight, "prefers")
    if not avoids:
        return None
    path = tuple(avoids.split(" > "))
    instead = plain(prefers.split(" > ")[-1], _NAME) if prefers else ""
    advice = f"Do not take {plain(path[-1], _NAME)} as step {len(path)} here" + (
        f"; take {instead}." if instead else "."
    )
    return Prefix(path=path), advice, _scope(insight)


def _preference(insight: Insight) -> Drafted | None:
    """Using the tool that goes with failure, for what its role is there for."""
    role, _, avoided = _text(insight, "avoids").partition(": ")
    preferred = _text(insight, "prefers").partition(": ")[2]
    known = next((name for name in get_args(Role) if name == role), None)
    if not avoided or known is None:
        return None
    # Of a shell it is the program that was chosen, which the action names.
    call = Call(role=(known,), action=(avoided,)) if known == "shell" else Call(role=(known,), tool=(avoided,))
    return Action(call=call), f"Use {plain(preferred, _NAME)} rather than {plain(avoided, _NAME)}.", _scope(insight)


def _repetition(insight: Insight) -> Drafted:
    """Making a failed call again unchanged."""
    again = Sequence(after=(Step(outcome=FAILED),), consecutive=True, same="call")
    return again, "Do not make a failed call again unchanged.", Scope(agents=tuple(insight.agents))


def _error(insight: Insight) -> Drafted | None:
    """Trying one action again after the same error came up twice."""
    action, glob = _text(insight, "action"), as_glob(_text(insight, "error"))
    if not action:
        return None
    step = Step(error=(glob,), times=2) if glob else Step(action=(action,), outcome=FAILED, times=2)
    advice = "This failed twice in the same way; do something else."
    return Sequence(after=(step,), same="action"), advice, Scope(agents=tuple(insight.agents))


def _slow(insight: Insight) -> Drafted | None:
    """Calling the action that most time is spent in."""
    agent, _, action = insight.subject.partition(" | ")
    if not action:
        return None
    advice = f"{plain(action, _NAME)} is where most of your time goes; look for another way."
    return Bottleneck(call=Call(action=(action,))), advice, Scope(agents=(agent,))


_DRAFTS: Mapping[str, Callable[[Insight], Drafted | None]] = {
    "divergence": _choice,
    "failure prefix": _choice,
    "tool preference": _preference,
    "retries": _repetition,
    "failure cluster": _error,
    "bottleneck": _slow,
}
"""Type of finding to its draft. Drift, cost, delegations and archetypes are facts about runs, not about a call."""
