"""What else changed with an agent, and may be why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from soma.synthesizer.wording import number, plain

from .model import Aspect
from .runs import Runs

_UNEVEN = 0.2


def cautions_of(runs: Runs, aspects: Sequence[Aspect], strata: Sequence[str], *, across_tasks: bool) -> Iterator[str]:
    """In sentences, the weightiest first."""
    changes = [change for aspect in aspects if aspect.name != "tasks" for change in aspect.changes]
    tasks_changed = any(aspect.name == "tasks" and aspect.changes for aspect in aspects)
    if changes and (model := _models(runs, max(changes, key=lambda change: change.since).since)):
        yield model
    if across_tasks:
        yield "Compared over all tasks, as asked: a change of tasks looks like a change of the agent."
    elif tasks_changed:
        yield "The task mix changed: runs are compared with runs of the same task, so that this is not called drift."
    untasked = sum(stratum == "" for stratum in strata)
    if untasked and not across_tasks:
        yield (
            f"The task of {number(untasked, 'run')} of {len(runs):,} is not known: these are compared with each other, "
            "whatever they attempted."
        )


def _models(runs: Runs, since: int) -> str | None:
    """Whether other models ran before and after the last change."""
    early = runs.started_at < since
    before, after = (
        Counter(model for model, counts in zip(runs.models, side.tolist(), strict=True) if counts and model)
        for side in (early, ~early)
    )
    if not before or not after:
        return None
    first, second = sum(before.values()), sum(after.values())
    names = sorted(before.keys() | after.keys())
    if sum(abs(before[name] / first - after[name] / second) for name in names) / 2 < _UNEVEN:
        return None
    told = [
        f"{plain(name, 60)} in {many:,} of {total:,} {side}"
        for counts, total, side in ((before, first, "before"), (after, second, "after"))
        for name, many in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:1]
    ]
    return f"The model changed too: {', '.join(told)} the last change. Agent and model cannot be told apart."
