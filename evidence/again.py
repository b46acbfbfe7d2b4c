"""Numbers made again from the rows of the vault, without any answer that is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from soma.config import TaskRule
from soma.model import OUTCOMES
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import divergence, insights
from soma.synthesizer.jobs.divergence.model import Pair
from soma.synthesizer.kept import Keeping

from .model import Again, Figure

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBERS = ("estimate", "low", "high", "support", "confidence")


class Numbers(Protocol):
    """A finding with its figures."""

    @property
    def estimate(self) -> float | None:
        """The effect."""
        ...

    @property
    def low(self) -> float | None:
        """Lower end of its interval."""
        ...

    @property
    def high(self) -> float | None:
        """Upper end."""
        ...

    @property
    def support(self) -> int:
        """Executions it rests on."""
        ...

    @property
    def confidence(self) -> float:
        """0 to 1."""
        ...


class _Afresh:
    """A snapshot that lets no job use an answer it kept."""

    basis = ""

    def __init__(self, vault: Queryable) -> None:
        self._vault = vault

    @property
    def task_rules(self) -> tuple[TaskRule, ...]:
        return self._vault.task_rules

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        return self._vault.sql(query, parameters)


def of_finding(
    vault: Queryable, identity: str, kind: str, kept: Numbers, *, moved: bool, team: str | None = None
) -> Again:
    """The figures of a finding, by the finder that made it.

    Args:
        vault: The snapshot.
        identity: Id of the finding.
        kind: Its type.
        kept: Its figures as they were kept.
        moved: Whether the vault has other rows now than when they were.
        team: The team among whose runs it was found, if it is one; ``vault`` shows that team's runs then.
    """
    how = f"the finder of {kind} findings, over the {'present ' if moved else ''}rows of the vault"
    if kind not in insights.FINDERS:
        return Again(outcome="nothing to derive", how="this soma has no finder of its type")
    found = insights.of_type(insights.Ground(Keeping(_Afresh(vault))), kind)
    now = next((each for each in found if insights.insight_id(each, team) == identity), None)
    if now is None:
        return Again(outcome="outdated" if moved else "not found again", how=how)
    return _compared(how, (Figure(name, getattr(kept, name), getattr(now, name)) for name in _NUMBERS), moved=moved)


def of_pair(vault: Queryable, kept: Pair, *, moved: bool = False) -> Again:
    """The figures of a divergence."""
    how = "the job divergence, over the rows of the vault"
    fresh = divergence.run(Keeping(_Afresh(vault)), everyone=True, limit=_ALL_PAIRS).pairs
    now = next((pair for pair in fresh if pair.divergence_id == kept.divergence_id), None)
    if now is None:
        return Again(outcome="not found again", how=how)
    return _compared(how, _of_pairs(kept, now), moved=moved)


_ALL_PAIRS = 1_000


def _of_pairs(kept: Pair, now: Pair) -> Iterable[Figure]:
    for side in ("first", "second"):
        then, today = getattr(kept, side).outcome, getattr(now, side).outcome
        yield Figure(f"{side}: did well", then.successes, today.successes)
        yield Figure(f"{side}: of", then.total, today.total)
    yield from (Figure(name, one, other) for name, one, other in zip(_EFFECT, _effect(kept), _effect(now), strict=True))


_EFFECT = ("estimate", "low", "high")


def _effect(pair: Pair) -> tuple[float | None, float | None, float | None]:
    found = pair.difference
    return (None, None, None) if found is None else (found.estimate, found.interval.low, found.interval.high)


def of_execution(vault: Queryable, execution_id: str) -> Again:
    """The counts of an execution, from its decisions."""
    counts = ", ".join(OUTCOMES)
    kept = vault.sql(
        f"SELECT decisions, {counts} FROM executions WHERE execution_id = ? ORDER BY execution_id NULLS LAST",  # noqa: S608
        (execution_id,),
    )
    rows = vault.sql("SELECT outcome FROM decisions WHERE execution_id = ? ORDER BY step NULLS LAST", (execution_id,))
    now = Counter(rows["outcome"].to_pylist())
    (row,) = kept.to_pylist()
    figures = [Figure("decisions", row["decisions"], rows.num_rows)]
    figures += [Figure(name, row[name], now[name]) for name in OUTCOMES]
    return _compared("its decisions, counted", figures, moved=False)


def _compared(how: str, figures: Iterable[Figure], *, moved: bool) -> Again:
    all_of_them = tuple(figures)
    same = all(figure.equal for figure in all_of_them)
    return Again(outcome="equal" if same else "outdated" if moved else "changed", how=how, figures=all_of_them)
