"""How the two arms came to be: whether something other than the arm may explain a difference.

The sample-ratio check of controlled experiments (Fabijan et al., *KDD* 2019, 2156-2164): arms that are not spread
alike over time, tasks or known outcomes were not dealt by chance, or something broke on the way. For arms nobody dealt
that is the usual case, so it is a caution and no error; the verdict stands, its cause is open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from soma import clock
from soma.synthesizer.stats import Interval, Stratum, compare, confidence_sequence
from soma.synthesizer.wording import number, percent, plain, probability

from .model import Arm, Caution, Measure, Run

# The usual bound of sample-ratio checks: they are many, and a false one costs trust in all.
_UNEVEN = 0.001
_QUARTERS = 4
_LEAST_EXPECTED = 5.0
_ELSEWHERE = 0.2
_NAME = 60


def cautions_of(
    treatment: Arm,
    control: Arm,
    treated: Sequence[tuple[str, Run]],
    controls: Sequence[tuple[str, Run]],
    elsewhere: tuple[int, int],
    measure: Measure,
) -> tuple[Caution, ...]:
    """What to be careful about; ``treated`` and ``controls`` are the executions compared, each with its task.

    ``elsewhere``: executions of treatment and control with known outcome that are not among them.
    """
    found = [*_time(treatment, control, treated, controls), *_mix(treated, controls)]
    found += _missing(treatment, control, measure)
    found += _elsewhere((treatment, control), (len(treated), len(controls)), elsewhere)
    return tuple(found)


def chi_square(table: Sequence[tuple[int, int]]) -> float | None:
    """P-value that both columns are spread alike over the rows; ``None`` where there are too few to tell.

    Rows in which fewer than 5 are expected of a column are taken together (Cochran, *Biometrics* 10 (1954) 417-451).
    Pearson, *Philosophical Magazine* 50 (1900) 157-175.
    """
    from scipy.stats import chi2

    first, second = sum(row[0] for row in table), sum(row[1] for row in table)
    whole = first + second
    if not first or not second:
        return None
    large = [row for row in table if sum(row) * min(first, second) >= _LEAST_EXPECTED * whole]
    rest = (first - sum(row[0] for row in large), second - sum(row[1] for row in large))
    if sum(rest) * min(first, second) >= _LEAST_EXPECTED * whole:
        large.append(rest)
    if len(large) < 2:
        return None
    first, second = sum(row[0] for row in large), sum(row[1] for row in large)
    whole = first + second
    distance = 0.0
    for one, other in large:
        expected = (one + other) * first / whole
        distance += (one - expected) ** 2 * whole / (expected * second)
    return float(chi2.sf(distance, len(large) - 1))


def ratio_kept(first: int, second: int, share: float = 0.5, level: float = 0.999) -> tuple[bool, Interval]:
    """Whether arms that were to be dealt in a fixed ratio were, and the shares of the first that are still possible.

    May be looked at after every execution: the multinomial (here: beta-binomial) e-value of Lindon & Malek, *NeurIPS*
    (2022), whose inversion is the confidence sequence of a share.
    """
    possible = confidence_sequence(first, first + second, level)
    return not possible.excludes(share), possible


def _time(
    treatment: Arm, control: Arm, treated: Sequence[tuple[str, Run]], controls: Sequence[tuple[str, Run]]
) -> Iterator[Caution]:
    ran, beside = (
        sorted(run.started_at for _, run in side if run.started_at is not None) for side in (treated, controls)
    )
    if not ran or not beside:
        if treated and controls:
            yield Caution(
                kind="time",
                text="When they ran is not known: whether both arms ran side by side, or one after the other, cannot "
                "be told.",
            )
        return
    names = [plain(arm.name, _NAME) for arm in (treatment, control)]
    if ran[-1] < beside[0] or beside[-1] < ran[0]:
        earlier, later = names if ran[-1] < beside[0] else reversed(names)
        yield Caution(
            kind="time",
            text=f"They ran one after the other, {earlier} first: whatever else changed before {later} may be the "
            "reason.",
        )
        return
    every = sorted([*ran, *beside])
    ends = [every[len(every) * quarter // _QUARTERS - 1] for quarter in range(1, _QUARTERS)]
    where = [Counter(bisect_right(ends, at - 1) for at in side) for side in (ran, beside)]
    p_value = chi_square([(where[0][quarter], where[1][quarter]) for quarter in range(_QUARTERS)])
    if p_value is not None and p_value < _UNEVEN:
        half = [clock.to_iso(side[(len(side) - 1) // 2]) or "" for side in (ran, beside)]
        yield Caution(
            kind="time",
            text=f"They are not spread alike over time ({_p(p_value)}): half of {names[0]} had run by {_day(half[0])}, "
            f"half of {names[1]} by {_day(half[1])}. What changed in between may be the reason.",
            p_value=p_value,
        )


def _mix(treated: Sequence[tuple[str, Run]], controls: Sequence[tuple[str, Run]]) -> Iterator[Caution]:
    one, other = (Counter(task for task, _ in side) for side in (treated, controls))
    p_value = chi_square([(one[task], other[task]) for task in sorted(one.keys() | other.keys())])
    if p_value is not None and p_value < _UNEVEN:
        yield Caution(
            kind="task mix",
            text=f"They attempted the tasks in unequal shares ({_p(p_value)}): the plain rates are not comparable, the "
            "difference, made task by task, is.",
            p_value=p_value,
        )


def _missing(treatment: Arm, control: Arm, measure: Measure) -> Iterator[Caution]:
    sides = [(arm.without_outcome, arm.executions) for arm in (treatment, control)]
    test = compare([Stratum(*sides[1], *sides[0])])
    if test is None or test.p_value >= _UNEVEN:
        return
    word = "success" if measure == "success" else "how it ended"
    shares = [
        f"{percent(missing / whole)} of the runs of {plain(arm.name, _NAME)}"
        for arm, (missing, whole) in zip((treatment, control), sides, strict=True)
    ]
    yield Caution(
        kind="missing outcomes",
        text=f"{word[0].upper()}{word[1:]} is not known of {shares[0]} and {shares[1]} ({_p(test.p_value)}): if it is "
        "failures that go unrecorded, the difference is off.",
        p_value=test.p_value,
    )


def _elsewhere(arms: Sequence[Arm], compared: Sequence[int], elsewhere: Sequence[int]) -> Iterator[Caution]:
    for arm, counted, left in zip(arms, compared, elsewhere, strict=True):
        if counted and left > _ELSEWHERE * (counted + left):
            yield Caution(
                kind="other tasks",
                text=f"{number(left, 'run')} of {plain(arm.name, _NAME)} of {counted + left:,} with known outcome are "
                "on tasks the other arm did not attempt, or on none that is known: not compared.",
            )


def _p(value: float) -> str:
    return f"p = {probability(value)}".replace("= <", "<")


def _day(instant: str) -> str:
    return instant[:16].replace("T", " ")
