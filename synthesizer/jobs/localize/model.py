"""What the job ``localize`` reads and answers. Shares and probabilities are between 0 and 1."""

from __future__ import annotations

from typing import Literal

import msgspec

Answer = Literal["ranked", "succeeded", "end not known", "no decision"]


class Step(msgspec.Struct, frozen=True):
    """One decision of the run; fields in the order of the columns of ``query.sql``."""

    decision_id: str
    step: int
    kind: str
    action: str
    tool: str
    role: str
    outcome: str
    arguments: str | None
    arguments_digest: str | None
    output_digest: str | None
    reasoning: str | None
    error: str | None
    output: str | None
    evidence: str


class Run(msgspec.Struct, frozen=True):
    """The run itself; fields in the order of the columns of ``run.sql``."""

    execution_id: str
    agent_id: str
    framework: str
    task_text: str | None
    task_id: str | None
    status: str
    success: bool | None
    success_from: str | None
    error: str | None


class Path(msgspec.Struct, frozen=True):
    """The path of one run whose success is known; fields in the order of the columns of ``peers.sql``."""

    execution_id: str
    success: bool
    actions: list[str]
    decision_ids: list[str]


class Drop(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What peers on the same task tell of one choice.

    Attributes:
        before: Estimated chance of success given the path up to the choice.
        after: The same with the choice made; both shrunk, without the run in question.
        runs: How many peers made the same choice after the same path.
        succeeded: How many of them succeeded.
        runs_before: How many peers had taken the same path up to the choice.
        succeeded_before: How many of those succeeded.
    """

    before: float
    after: float
    runs: int
    succeeded: int
    runs_before: int
    succeeded_before: int


class Blamed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One decision with how much of the failure is put down to it.

    Attributes:
        number: Counted from 1, as ``soma decisions`` counts.
        speaker: Who spoke, where several agents talk in one run.
        share: Its share of the blame; the shares of a run add up to 1.
        reasons: In words, the weightiest first.
        drop: What peers tell, where there are any.
    """

    number: int
    decision_id: str
    action: str
    speaker: str | None
    outcome: str
    share: float
    reasons: tuple[str, ...]
    drop: Drop | None
    evidence: str


class Localisation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The decisions of a failed run, the most blamed first.

    Attributes:
        answer: ``ranked``; or why nothing is ranked: the run succeeded, its end is not known, it holds no decision.
        peers: Runs of the same task whose success is known, without this one.
        from_peers: Share of the blame that was given out by what peers tell; the rest follows the trace alone.
        weights: Version of the weights.
    """

    schema: str = "soma.localisation"
    schema_version: int = 1
    execution_id: str
    agent_id: str
    task: str | None
    status: str
    success: bool | None
    success_from: str | None
    error: str | None
    answer: Answer
    peers: int
    from_peers: float
    weights: str
    decisions: tuple[Blamed, ...]
