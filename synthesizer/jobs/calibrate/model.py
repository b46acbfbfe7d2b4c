"""What the job ``calibrate`` reads, fits and answers. Rates, areas and differences are shares, 0 to 1."""

from __future__ import annotations

import msgspec

from soma.synthesizer.jobs.grade.model import Answered
from soma.synthesizer.jobs.localize.model import Step
from soma.synthesizer.stats import Clustered


class Known(Step, frozen=True):
    """One decision as far as a row of features needs it; fields in the order of the columns of ``decisions.sql``."""

    execution_id: str
    turn: int
    tokens: int | None
    duration_ms: float | None


class Moment(msgspec.Struct, frozen=True):
    """An execution after its first decisions: these, what the engine answered to them, and the task."""

    task_text: str | None
    steps: list[Known]
    readings: list[Answered]


class Row(msgspec.Struct, frozen=True):
    """One execution after so many decisions, as the model sees it, and how it ended.

    Attributes:
        task: Key of its task; its own id where the task is not known. blend: The documented pressure then.
        dense, text: The blocks of ``features``.
    """

    execution_id: str
    agent_id: str
    framework: str
    task: str
    failed: bool
    blend: float
    dense: list[float]
    text: list[float]


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fitted model: everything needed to give an execution its risk.

    Attributes:
        after: Decisions it knows. features: Version of the features. patterns: Names the dense block ends with.
        strength: Penalty of a dense column, chosen by cross-validation. text: Whether the text block is used.
        middle, spread: Of each dense column, by which it is standardised.
        base: Log odds at the middle. frameworks, agents: What is added for each of them.
        dense: Coefficients of the pool. own: What an agent's differ by, for agents with enough executions.
        words: Coefficients of the text block; empty where it is not used.
    """

    after: int
    features: int
    patterns: list[str]
    strength: float
    text: bool
    middle: list[float]
    spread: list[float]
    base: float
    frameworks: dict[str, float]
    agents: dict[str, float]
    dense: list[float]
    own: dict[str, list[float]]
    words: list[float]


class Cell(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The model beside the documented blend and the plain baselines, on executions of tasks it was not fitted on.

    Attributes:
        framework: ``None`` for all together. failed, succeeded: Executions still running then. tasks: Of the scarcer.
        learned, blend, errors, agent: Areas over the same pairs, of executions held out together.
        over_blend, over_errors, over_agent: By how much ``learned`` is better.
        q_value: Of ``over_blend``, over all cells of frameworks. used: Whether the model takes the blend's place here.
    """

    after: int
    framework: str | None
    failed: int
    succeeded: int
    tasks: int
    learned: Clustered
    blend: Clustered
    errors: Clustered
    agent: Clustered
    over_blend: Clustered
    over_errors: Clustered
    over_agent: Clustered
    q_value: float | None
    used: bool


class Calibration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The models of one set of data.

    Attributes:
        data: Digest of all rows of features and outcomes. executions: With known success that made a decision more.
        models, cells: By number of decisions; no model where too few executions of either end were still running.
        kept: Whether exactly this was in the vault before.
        notes: Why something is missing, and what would give it.
    """

    data: str
    executions: int
    tasks: int
    failed: int
    models: tuple[Model, ...]
    cells: tuple[Cell, ...]
    kept: bool
    notes: tuple[str, ...]


class Risk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The chance that an execution fails, as known after its first ``after`` decisions."""

    execution_id: str
    after: int
    chance: float
    data: str
