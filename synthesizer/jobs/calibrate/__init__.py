"""The learned aggregator: a small logistic model beside the documented blend, used only where it is better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import grade
from soma.synthesizer.jobs.grade.model import MOMENTS, Answered

from .compute import calibration_of, digest_of, rows_of
from .model import Calibration, Known

__all__ = ["Calibration", "run"]


def run(
    vault: Queryable,
    *,
    answered: Sequence[Answered] | None = None,
    patterns: Sequence[str] = (),
    assignments: Mapping[str, str] | None = None,
) -> Calibration:
    traces, _ = grade.read(vault, answered=answered, assignments=assignments)
    running = [trace for trace in traces if trace.running > MOMENTS[0]]
    ids = [trace.execution_id for trace in running]
    decisions: dict[str, list[Known]] = defaultdict(list)
    for known in answer(vault, Known, __name__, "decisions", (ids, MOMENTS[-1])):
        decisions[known.execution_id].append(known)
    told = vault.sql("SELECT execution_id, task_text FROM executions WHERE list_contains(?, execution_id)", (ids,))
    texts = dict(zip(told["execution_id"].to_pylist(), told["task_text"].to_pylist(), strict=True))
    rows = {after: rows_of(running, decisions, texts, after, patterns) for after in MOMENTS}
    return calibration_of(rows, running, patterns)
