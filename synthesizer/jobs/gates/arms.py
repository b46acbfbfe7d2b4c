"""Which arm an execution belongs to: by a column of its row, by the time it ran, or by one of its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from soma import clock
from soma.errors import NothingFound
from soma.synthesizer.wording import plain

from .model import Run

_SUGGESTED = 8
_NEAR = 60
_LABEL = "label:"

COLUMNS: dict[str, Callable[[Run], str | None]] = {
    "agent": lambda run: run.agent_id or None,
    "model": lambda run: run.model,
    "framework": lambda run: run.framework or None,
    "adapter": lambda run: run.adapter or None,
    "team": lambda run: run.team_id,
    "operator": lambda run: run.operator_id,
    "instance": lambda run: run.instance_id,
    "session": lambda run: run.session_id,
    "day": lambda run: _started(run, "%Y-%m-%d"),
    "week": lambda run: _started(run, "%G-W%V"),
    "month": lambda run: _started(run, "%Y-%m"),
}
"""What every execution may be told by, beside its labels; days, weeks (ISO 8601) and months are those of UTC."""


def arm_of(by: str) -> Callable[[Run], str | None]:
    """What tells the arm of an execution; ``label:NAME`` where a label is named like a column."""
    if by in COLUMNS:
        return COLUMNS[by]
    name = by.removeprefix(_LABEL)
    return lambda run: dict(run.labels or ()).get(name) or None


def require_label(by: str, runs: Sequence[Run]) -> None:
    """Refuse a label that no execution carries.

    Raises:
        NothingFound: with the labels there are.
    """
    of = arm_of(by)
    if not runs or any(of(run) is not None for run in runs):
        return
    labels = Counter(name for run in runs for name, _ in run.labels or ())
    known = [*(name for name, value in COLUMNS.items() if any(value(run) is not None for run in runs))]
    known += [name for name, _ in sorted(labels.items(), key=lambda item: (-item[1], item[0]))]
    told = ", ".join(plain(name, 40) for name in list(dict.fromkeys([*_near(by, known), *known]))[:_SUGGESTED])
    raise NothingFound(f"no run tells its {plain(by, 60)!r}", hint=f"runs can be told apart by: {told}")


def require_arm(name: str, by: str, arms: Iterable[str]) -> None:
    """Refuse an arm that no execution belongs to.

    Raises:
        NothingFound: with the nearest arms there are.
    """
    names = sorted(arms)
    if name in names:
        return
    told = ", ".join(plain(arm, 60) for arm in ([*_near(name, names)] or names)[:_SUGGESTED])
    raise NothingFound(
        f"no run has {plain(by, 40)} {plain(name, 60)!r}", hint=f"there are: {told}" if told else "soma status"
    )


def _near(name: str, known: Sequence[str]) -> list[str]:
    from rapidfuzz import process, utils

    found = process.extract(name, known, processor=utils.default_process, limit=3, score_cutoff=_NEAR)
    return [choice for choice, *_ in found]


def _started(run: Run, form: str) -> str | None:
    return None if run.started_at is None else clock.to_datetime(run.started_at).strftime(form)
