"""The learned aggregator: a small logistic model beside the documented blend, used only where it is better."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import grade
from soma.synthesizer.jobs.grade.model import MOMENTS, Answered, Trace
from soma.synthesizer.queries import query
from soma.synthesizer.wording import plain

from .compute import calibration_of, digest_of, row_of, rows_of
from .design import log_odds
from .model import Calibration, Known, Risk, Row
from .store import keep, stored

__all__ = ["Calibration", "Risk", "keep", "read", "risk", "run", "stored"]


class _One(msgspec.Struct, frozen=True):
    """An execution asked about; fields in the order of the columns of ``one.sql``."""

    execution_id: str
    agent_id: str
    framework: str
    task_text: str | None


def run(
    vault: Queryable,
    *,
    answered: Sequence[Answered] | None = None,
    patterns: Sequence[str] = (),
) -> Calibration:
    """Models of the chance to fail, after 3, 5, 10 and 20 decisions, and what they are worth on other tasks.

    Where the vault holds the models of exactly these data, they are the answer and nothing is fitted.

    Args:
        vault: The snapshot to answer from.
        answered: What the engine answered to every decision; by default what the vault keeps.
        patterns: Names of the patterns that have a column.
    """
    rows, running = read(vault, answered=answered, patterns=patterns)
    data = digest_of(rows, patterns)
    before = [(one.fitted, one.cells) for one in stored(vault) if one.data == data]
    return calibration_of(rows, running, patterns, before)


def read(
    vault: Queryable, *, answered: Sequence[Answered] | None = None, patterns: Sequence[str] = ()
) -> tuple[dict[int, list[Row]], list[Trace]]:
    """The rows of features by number of decisions, and the executions they are of; as ``run`` takes them."""
    traces, _ = grade.read(vault, answered=answered)
    running = [trace for trace in traces if trace.running > MOMENTS[0]]
    ids = [trace.execution_id for trace in running]
    decisions = _decisions(vault, ids)
    told = vault.sql(query(__name__, "texts"), (ids,))
    texts = dict(zip(told["execution_id"].to_pylist(), told["task_text"].to_pylist(), strict=True))
    return {after: rows_of(running, decisions, texts, after, patterns) for after in MOMENTS}, running


def risk(
    vault: Queryable, execution: str, *, answered: Callable[[str], Sequence[Answered]], anyway: bool = False
) -> Risk | None:
    """The chance that an execution fails, by the stored model of the most decisions it has made.

    ``None`` where no model is used for its framework, because none was better there than the documented pressure.

    Args:
        vault: A snapshot.
        execution: Its id; the beginning is enough where only one fits.
        answered: Gives what the engine answered to the decisions of an execution, in order.
        anyway: Give the chance where the model is not used, too.

    Raises:
        NothingFound: if no execution, or more than one, has such an id.
    """
    found = answer(vault, _One, __name__, "one", (execution, execution))
    found = [one for one in found if one.execution_id == execution] or found
    if len(found) != 1:
        many = "no execution" if not found else f"{len(found)} executions"
        raise NothingFound(f"{many} of the vault begin with {plain(execution, 80)!r}", hint="type the whole id")
    (one,) = found
    steps = list(answered(one.execution_id))
    fit = [
        model for model in stored(vault) if model.after <= len(steps) and (anyway or one.framework in model.used_for)
    ]
    if not fit:
        return None
    best = fit[-1]
    trace = Trace(one.execution_id, one.agent_id, one.framework, one.execution_id, False, steps, len(steps))
    model = best.fitted
    row = row_of(
        trace, _decisions(vault, [one.execution_id]), {one.execution_id: one.task_text}, best.after, model.patterns
    )
    chance = 1 / (1 + math.exp(-max(-700.0, min(700.0, log_odds(model, row)))))
    return Risk(execution_id=one.execution_id, after=best.after, chance=chance, data=best.data)


def _decisions(vault: Queryable, executions: Sequence[str]) -> dict[str, list[Known]]:
    decisions: dict[str, list[Known]] = defaultdict(list)
    for known in answer(vault, Known, __name__, "decisions", (executions, MOMENTS[-1])):
        decisions[known.execution_id].append(known)
    return decisions
