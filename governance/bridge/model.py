"""What the policy bridge answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.governance.policy import Effect, Policy
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.table import Layer

Intent = Literal["enforce", "advise", "brief", "route", "all"]
Weight = Literal["mandatory", "advisory", "contextual", "historical"]

LAYER_OF: dict[Intent, tuple[Layer, ...]] = {
    "enforce": ("canon",),
    "advise": ("emerging",),
    "brief": ("working",),
    "route": ("archive",),
    "all": ("canon", "emerging", "working", "archive"),
}
"""Which layers an intent asks, in the order of the answer."""
WEIGHT_OF: dict[Layer, Weight] = {
    "canon": "mandatory",
    "emerging": "advisory",
    "working": "contextual",
    "archive": "historical",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing the vault has to say to whoever asks.

    Attributes:
        id: Of the policy, proposal, team's finding, decayed finding or agent.
        kind: ``policy``, a type of finding, or ``profile``.
        source_layer: Where it stands. semantic_weight: What that makes of it.
        severity: ``error`` stops a call, ``warning`` speaks only; ``None`` where there is no policy to apply.
        confidence: 0 to 1, of the finding it rests on; ``None`` where a person wrote it.
        says: In words.
        agents, teams, tasks: Whom it is about: globs for a policy, names for a finding; empty means all.
        evidence: Execution or decision ids, at most a few; ``soma evidence ID`` tells all.
        policy: The policy, ratified or drafted.
        ratified_by: Who ratified it; ``None`` where nobody did.
        binds: Whether it is ratified and not in shadow mode.
    """

    id: str
    kind: str
    source_layer: Layer
    semantic_weight: Weight
    severity: Effect | None
    confidence: float | None
    says: str
    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    policy: Policy | None = None
    ratified_by: str | None = None
    binds: bool = False


class Profile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known of one agent.

    Attributes:
        health: Its health as ``soma status`` tells it.
        teams: Teams its runs were of.
        bottlenecks: Actions that most of its time goes to, beyond chance.
        conformance: Of its last run that could be measured, 0 to 1.
    """

    health: AgentHealth
    teams: tuple[str, ...]
    bottlenecks: tuple[str, ...]
    conformance: float | None


class Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma policies query``.

    Attributes:
        vault_version: The version it was answered from.
        answers: The mandatory before the advisory, the contextual and the historical.
        total: How many there are; ``answers`` holds those asked for.
    """

    intent: Intent
    agent: str | None
    team: str | None
    vault_version: int
    answers: tuple[Answer, ...]
    total: int
