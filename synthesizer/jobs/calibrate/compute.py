"""From rows of features to models and to what they are worth on tasks they were not fitted on. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from soma import codec
from soma.identity import digest
from soma.synthesizer.jobs.grade import areas
from soma.synthesizer.jobs.grade.areas import Side
from soma.synthesizer.jobs.grade.model import LEAST_TASKS, MOMENTS, Trace
from soma.synthesizer.stats import (
    Clustered,
    Pairs,
    benjamini_hochberg,
    concordance,
    concordance_difference,
    wins,
)
from soma.synthesizer.wording import number

from . import features
from .fit import METHOD, STRENGTHS, fitted, held_out
from .folds import FOLDS, INNER
from .model import Calibration, Cell, Known, Model, Moment, Row

LEAST = 10
"""Failures and successes still running, on different tasks, below which nothing is fitted."""
_LEVEL = 0.95


def rows_of(
    traces: Iterable[Trace], decisions: Mapping[str, Sequence[Known]], texts: Mapping[str, str | None], after: int,
    patterns: Sequence[str],
) -> list[Row]:  # fmt: skip
    """The rows of the executions still running after so many decisions, in the order of the traces.

    Args:
        traces: The executions.
        decisions: Their first decisions, by execution.
        texts: Their tasks in words, by execution.
        after: How many decisions are known.
        patterns: Names of the patterns that have a column.
    """
    return [row_of(trace, decisions, texts, after, patterns) for trace in traces if trace.running > after]


def row_of(
    trace: Trace, decisions: Mapping[str, Sequence[Known]], texts: Mapping[str, str | None], after: int,
    patterns: Sequence[str],
) -> Row:  # fmt: skip
    """The row of one execution after so many of its decisions."""
    known = Moment(
        texts.get(trace.execution_id), list(decisions[trace.execution_id][:after]), list(trace.steps[:after])
    )
    return Row(
        trace.execution_id, trace.agent_id, trace.framework, trace.task, trace.failed,
        trace.steps[after - 1].pressure, features.dense(known, patterns), features.text(known),
    )  # fmt: skip


def digest_of(rows: Mapping[int, Sequence[Row]], patterns: Sequence[str]) -> str:
    """Digest of everything that is fitted and of how; equal digests give equal models."""
    parts = [digest(codec.encode(row), size=16) for after in sorted(rows) for row in rows[after]]
    how = codec.encode([features.VERSION, METHOD, FOLDS, INNER, list(STRENGTHS), list(patterns)])
    return digest("\n".join([how, *parts]), size=16)


def calibration_of(
    rows: Mapping[int, Sequence[Row]], traces: Sequence[Trace], patterns: Sequence[str],
    kept: Sequence[tuple[Model, Sequence[Cell]]] = (),
) -> Calibration:  # fmt: skip
    """The models after each number of decisions, and what they are worth.

    Args:
        rows: By number of decisions, as ``rows_of`` gives them.
        traces: The executions.
        patterns: Names of the patterns that have a column.
        kept: Models with their cells that were made of these very rows before; nothing is fitted where there are any.
    """
    models = [model for model, _ in kept]
    cells = [cell for _, own in kept for cell in own]
    notes: list[str] = []
    for after in MOMENTS:
        own = rows.get(after, ())
        scarce = min(len({row.task for row in own if row.failed is failed}) for failed in (True, False))
        if scarce < LEAST:
            notes.append(
                f"after {number(after, 'decision')}: {_ends(own)} still running; a model takes {LEAST} tasks of each"
            )
        elif not kept:
            score, fold = held_out(own)
            cells += _cells(own, score, fold, traces, after)
            models.append(fitted(own, after, patterns))
    ran = {row.execution_id: row for own in rows.values() for row in own}
    return Calibration(
        data=digest_of(rows, patterns), executions=len(ran), tasks=len({row.task for row in ran.values()}),
        failed=sum(row.failed for row in ran.values()), models=tuple(models),
        cells=tuple(cells if kept else _decided(cells)), kept=bool(kept), notes=tuple(notes),
    )  # fmt: skip


def _ends(rows: Sequence[Row]) -> str:
    failed = sum(row.failed for row in rows)
    return f"{number(failed, 'failure')} and {number(len(rows) - failed, 'success', 'successes')}"


def _cells(
    rows: Sequence[Row], score: Sequence[float], fold: Sequence[int], traces: Sequence[Trace], after: int
) -> list[Cell]:
    """The areas of each framework and of all together; only executions held out together make pairs.

    Scores of different folds come from different models, and a fold with more failures leaves fewer to the model that
    scores it: pairs across folds would compare models, and make a worthless one look worse than chance.
    """
    learned = {row.execution_id: value for row, value in zip(rows, score, strict=True)}
    blend = {row.execution_id: row.blend for row in rows}
    of_fold = {row.execution_id: number for row, number in zip(rows, fold, strict=True)}
    sides = {side.failed[0].framework: side for side in areas.moment(traces, after).sides}
    asked: list[str | None] = [None, *sides] if len(sides) > 1 else list(sides)
    found = []
    for framework in asked:
        own = list(sides.values()) if framework is None else [sides[framework]]
        cell = _cell(after, framework, own, learned, blend, of_fold)
        if cell is not None:
            found.append(cell)
    return found


def _cell(
    after: int, framework: str | None, sides: Sequence[Side], learned: Mapping[str, float],
    blend: Mapping[str, float], of_fold: Mapping[str, int],
) -> Cell | None:  # fmt: skip
    import numpy as np

    pairs: dict[str, list[Pairs]] = defaultdict(list)
    for side in sides:
        whole = {"agent": side.agent, "errors": side.errors}
        for name, given in (("learned", learned), ("blend", blend)):
            whole[name] = wins(*([given[trace.execution_id] for trace in own] for own in (side.failed, side.succeeded)))
        for held in range(FOLDS):
            down, across = (
                [place for place, trace in enumerate(own) if of_fold[trace.execution_id] == held]
                for own in (side.failed, side.succeeded)
            )
            tasks = [side.failed[at].task for at in down], [side.succeeded[at].task for at in across]
            for name, table in whole.items():
                pairs[name].append(Pairs(table[np.ix_(down, across)], *tasks))
    told = {name: made for name, own in pairs.items() if (made := concordance(own)) is not None}
    if not told:
        return None
    over = {name: _over(pairs["learned"], pairs[name]) for name in ("blend", "errors", "agent")}
    return Cell(
        after=after, framework=framework, failed=sum(len(side.failed) for side in sides),
        succeeded=sum(len(side.succeeded) for side in sides), tasks=told["learned"].clusters,
        learned=told["learned"], blend=told["blend"], errors=told["errors"], agent=told["agent"],
        over_blend=over["blend"], over_errors=over["errors"], over_agent=over["agent"], q_value=None, used=False,
    )  # fmt: skip


def _over(own: Sequence[Pairs], other: Sequence[Pairs]) -> Clustered:
    differences = [Pairs(one.wins - two.wins, one.failed, one.succeeded) for one, two in zip(own, other, strict=True)]
    return concordance_difference(differences, _LEVEL) or Clustered(0.0, None, 1.0, 0)


def _decided(cells: Sequence[Cell]) -> list[Cell]:
    """With the decision where the model takes the blend's place; false discoveries are bounded over all cells.

    A decision is taken for a framework, never for all together: a gain on one is no gain on another.
    """
    asked = [place for place, cell in enumerate(cells) if cell.framework is not None and cell.tasks >= LEAST_TASKS]
    adjusted = dict(zip(asked, benjamini_hochberg([cells[place].over_blend.p_value for place in asked]), strict=True))
    found = []
    for place, cell in enumerate(cells):
        q_value = adjusted.get(place)
        over = cell.over_blend.interval
        used = q_value is not None and q_value <= 1 - _LEVEL and over is not None and over.low > 0
        found.append(msgspec.structs.replace(cell, q_value=q_value, used=used))
    return found
