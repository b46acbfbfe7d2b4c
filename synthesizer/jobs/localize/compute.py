"""From the rows of a failed run to its decisions, the most blamed first. Pure, and no model is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soma.synthesizer.wording import number, percent

from .features import FEATURES, features_of
from .model import Answer, Blamed, Drop, Localisation, Path, Run, Step
from .value import drops, falls
from .weights import Weights, shares, shipped, speaking

_TALKS = frozenset({"group-chat"})
_WORTH_SAYING = 0.01


def blame(
    run: Run, steps: Sequence[Step], peers: Sequence[Path] = (), *, weights: Weights | None = None
) -> tuple[Blamed, ...]:
    """The decisions of a run that failed, the most blamed first; equal shares in the order of the run.

    Two views are mixed. The trace alone gives every decision a share by the conditional logit of ``weights``. Where
    peers on the same task tell that choices of the run lost chance of success (``value.falls``), each of these has its
    fall as its share, and the rest is given out by the trace: ``share = fall + (1 - Σ fall)·trace``. Without peers, or
    when the run did as successful peers did, the trace alone speaks.

    Args:
        run: The run, whose end is not asked: the caller knows that it failed.
        steps: Its choices in order.
        peers: Paths of runs of the same task whose success is known; the run itself may be among them.
        weights: Others than the shipped ones, for the benchmark.
    """
    return _blamed(run, steps, drops(_own(run, peers), peers), weights or shipped())


def _own(run: Run, peers: Sequence[Path]) -> Path | None:
    return next((path for path in peers if path.execution_id == run.execution_id), None)


def _blamed(run: Run, steps: Sequence[Step], told: Mapping[str, Drop], used: Weights) -> tuple[Blamed, ...]:
    if not steps:
        return ()
    rows = features_of(steps, run.task_text, talk=run.framework in _TALKS)
    by_step = [told.get(step.decision_id) for step in steps]
    lost = falls(by_step)
    part = sum(lost)
    alone = shares(used.column(), rows)
    found = []
    for place, step in enumerate(steps):
        share = lost[place] + (1 - part) * alone[place]
        reasons = [_of_peers(by_step[place])] if lost[place] > _WORTH_SAYING else []
        reasons += [FEATURES[name] for name in speaking(used.weights, rows, place) if FEATURES[name]]
        found.append(
            Blamed(
                number=step.step + 1, decision_id=step.decision_id, action=step.action,
                speaker=step.tool if run.framework in _TALKS else None, outcome=step.outcome, share=share,
                reasons=tuple(reasons), drop=by_step[place], evidence=step.evidence,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda decision: (-round(decision.share, 12), decision.number)))


def answer_for(run: Run, steps: Sequence[Step]) -> Answer:
    """Whether there is something to rank: only a run that failed has a decision that made it fail.

    A task that was not achieved is a failure; where nobody says, a run that ended ``failed`` is one.
    """
    if run.success is True:
        return "succeeded"
    if run.success is None and run.status != "failed":
        return "end not known"
    return "ranked" if steps else "no decision"


def localisation_of(run: Run, steps: Sequence[Step], peers: Sequence[Path]) -> Localisation:
    """The whole answer for one run."""
    others = sum(path.execution_id != run.execution_id for path in peers)
    return localisation_among(run, steps, drops(_own(run, peers), peers), others)


def localisation_among(run: Run, steps: Sequence[Step], told: Mapping[str, Drop], peers: int) -> Localisation:
    """The same from what so many peers tell of its choices."""
    answer = answer_for(run, steps)
    ranked = _blamed(run, steps, told, shipped()) if answer == "ranked" else ()
    by_step = {decision.decision_id: decision.drop for decision in ranked}
    return Localisation(
        execution_id=run.execution_id, agent_id=run.agent_id, task=run.task_text or run.task_id, status=run.status,
        success=run.success, success_from=run.success_from, error=run.error, answer=answer, peers=peers,
        from_peers=sum(falls([by_step.get(step.decision_id) for step in steps])), weights=shipped().version,
        decisions=ranked,
    )  # fmt: skip


def _of_peers(drop: Drop | None) -> str:
    if drop is None:
        return ""
    return (
        f"of {number(drop.runs_before, 'peer')} with the same path before, {drop.succeeded_before:,} succeeded, of the "
        f"{drop.runs:,} that chose this too {drop.succeeded:,}: chance {percent(drop.before)} → {percent(drop.after)}"
    )
