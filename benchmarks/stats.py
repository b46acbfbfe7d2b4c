"""Do the statistics keep what they promise? Coverage, false alarms, false discoveries and power, measured.

What can be enumerated is computed exactly, the rest by seeded simulation, with the standard error beside. All
sections take some minutes; name those wanted:

    python benchmarks/stats.py [coverage difference tests strata nightly sequences discoveries bootstrap power alike]
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from soma.synthesizer import stats
from soma.synthesizer.stats import Interval, Planned, Stratum
from soma.synthesizer.stats.bootstrap import _accelerated, _drawn, _percentiles
from soma.synthesizer.stats.e_values import log_e_process
from soma.synthesizer.stats.unconditional import fisher_table, masses

Array = NDArray[np.float64]
SEED = 20_240_601
ALPHA = 0.05
LOOKS, A_NIGHT = 60, 5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    for name in arguments.parse_args().sections or SECTIONS:
        started = time.perf_counter()
        print(f"\n== {name}: {SECTIONS[name].__doc__}")
        SECTIONS[name]()
        print(f"   ({time.perf_counter() - started:.0f} s)")


def row(*cells: object, widths: Sequence[int] = ()) -> None:
    texts = [f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in cells]
    wide = [*widths, *[10] * len(texts)]
    print("   " + " ".join(text.ljust(wide[0]) if not at else text.rjust(wide[at]) for at, text in enumerate(texts)))


def error(share: float, rounds: int) -> float:
    return math.sqrt(max(share * (1 - share), 1e-9) / rounds)


def coverage() -> None:
    """Exact coverage of 95 % intervals of one rate, over 2,000 rates from 0 to 1."""
    rates = (np.arange(2000) + 0.5) / 2000
    wide = (26,)
    row("interval", "n", "mean", "mean<.1", "least", "at rate", "width", widths=wide)
    kinds: dict[str, Callable[[int, int], Interval]] = {
        "wilson": lambda x, n: stats.wilson(x / n, n),
        "clopper-pearson": stats.clopper_pearson,
        "confidence sequence": stats.confidence_sequence,
    }
    for name, make in kinds.items():
        for total in (1, 5, 10, 20, 50, 100, 500):
            found = [make(x, total) for x in range(total + 1)]
            inside = np.array([(i.low <= rates) & (rates <= i.high) for i in found]).T
            covered = (masses(total, rates) * inside).sum(axis=1)
            width = float((masses(total, rates) * np.array([i.high - i.low for i in found])).sum(axis=1).mean())
            # Coverage jumps at the ends of the intervals, and is least just beside one.
            ends = np.array([end for i in found for end in (i.low, i.high)])
            beside = np.clip(np.concatenate([ends - 1e-9, ends + 1e-9]), 0, 1)
            there = np.array([(i.low <= beside) & (beside <= i.high) for i in found]).T
            lowest = (masses(total, beside) * there).sum(axis=1)
            least = int(np.argmin(lowest))
            row(
                name, total, float(covered.mean()), float(covered[rates < 0.1].mean()), float(lowest[least]),
                float(beside[least]), width, widths=wide,
            )  # fmt: skip


def covered_differences(m: int, n: int, make: Callable[[Stratum], Interval], rates: Array) -> tuple[Array, Array]:
    """Coverage and mean width at every pair of rates."""
    first, second = masses(m, rates), masses(n, rates)
    truth = rates[None, :] - rates[:, None]
    covered, width = np.zeros_like(truth), np.zeros_like(truth)
    for x, y in itertools.product(range(m + 1), range(n + 1)):
        interval = make(Stratum(x, m, y, n))
        chance = first[:, x][:, None] * second[:, y][None, :]
        covered += chance * ((interval.low - 1e-9 <= truth) & (truth <= interval.high + 1e-9))
        width += chance * (interval.high - interval.low)
    return covered, width


def difference() -> None:
    """Exact coverage of 95 % intervals of a difference, over 99 x 99 pairs of rates from 0.005 to 0.995."""
    rates = np.linspace(0.005, 0.995, 99)
    near = np.minimum(rates, 1 - rates) < 0.1
    wide = (22, 9)
    row("interval", "sides", "mean", "at ends", "least", "width", widths=wide)
    kinds: dict[str, Callable[[Stratum], Interval]] = {
        "newcombe": lambda s: stats.newcombe(
            s.first_successes / s.first_total, s.first_total, s.second_successes / s.second_total, s.second_total, 0.95
        ),
        "miettinen-nurminen": stats.miettinen_nurminen,
        "chan-zhang": stats.chan_zhang,
    }
    for name, make in kinds.items():
        for m, n in ((5, 5), (10, 10), (8, 20), (30, 30), (10, 60)):
            if name == "chan-zhang" and m * n > 200:
                continue
            covered, width = covered_differences(m, n, make, rates)
            row(
                name, f"{m}, {n}", float(covered.mean()), float(covered[np.ix_(near, near)].mean()),
                float(covered.min()), float(width.mean()), widths=wide,
            )  # fmt: skip


def rejected(m: int, n: int) -> dict[str, NDArray[np.bool_]]:
    """The tables each test of one table rejects at 5 %."""
    tables = list(itertools.product(range(m + 1), range(n + 1)))

    def where(test: Callable[[Stratum], float]) -> NDArray[np.bool_]:
        found = np.array([test(Stratum(x, m, y, n)) <= ALPHA for x, y in tables])
        return found.reshape(m + 1, n + 1)

    return {
        "fisher": fisher_table(m, n) <= ALPHA,
        "boschloo": where(stats.boschloo),
        "barnard": where(stats.barnard),
        "mid-p": where(lambda s: stats.mid_p_test([s])),
        "z, pooled": where(lambda s: stats.large_sample_test([s])),
    }


def tests() -> None:
    """Exact false alarms at 5 % over 999 common rates, and power, of the tests of one table."""
    rates = np.linspace(0.001, 0.999, 999)
    wide = (12, 9)
    row("test", "sides", "largest", "mean", "50v80", "60v90", "30v50", widths=wide)
    for m, n in ((10, 10), (20, 20), (30, 30), (50, 50), (10, 40), (30, 60)):
        for name, region in rejected(m, n).items():
            alarms = ((masses(m, rates) @ region) * masses(n, rates)).sum(axis=1)
            found = [
                ((masses(m, np.array([a])) @ region) * masses(n, np.array([b]))).sum()
                for a, b in ((0.5, 0.8), (0.6, 0.9), (0.3, 0.5))
            ]
            row(name, f"{m}, {n}", float(alarms.max()), float(alarms.mean()), *map(float, found), widths=wide)


LAYOUTS: dict[str, tuple[Array, int, int]] = {
    "2 tasks, 15 a side": (np.array([0.4, 0.7]), 15, 15),
    "5 tasks, 6 a side": (np.linspace(0.2, 0.8, 5), 6, 6),
    "10 tasks, 3 and 4": (np.linspace(0.05, 0.95, 10), 3, 4),
    "30 tasks, 1 a side": (np.linspace(0.1, 0.9, 30), 1, 1),
    "30 tasks, 1 and 3": (np.linspace(0.3, 0.9, 30), 1, 3),
    "8 tasks, 2 and 9": (np.linspace(0.1, 0.9, 8), 2, 9),
    "6 tasks, 5, near 1": (np.full(6, 0.95), 5, 5),
    "100 tasks, 1, near 0": (np.full(100, 0.03), 1, 1),
    "3 tasks, 4 a side": (np.full(3, 0.5), 4, 4),
    "2 tasks, 50 a side": (np.full(2, 0.5), 50, 50),
    "2 tasks, 50, near 0": (np.array([0.06, 0.12]), 50, 50),
}


def drawn_strata(layout: tuple[Array, int, int], effect: float, rounds: int) -> Iterable[list[Stratum]]:
    rates, m, n = layout
    generator = np.random.default_rng([SEED, len(rates), m, n, round(1000 * abs(effect))])
    x = generator.binomial(m, rates, (rounds, len(rates)))
    y = generator.binomial(n, np.clip(rates + effect, 0, 1), (rounds, len(rates)))
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        yield [Stratum(one, m, other, n) for one, other in zip(a, b, strict=True)]


def strata() -> None:
    """False alarms and power of the conditional test over tasks, exact and mid-p, 20,000 and 4,000 worlds a layout."""
    rounds, wide = 20_000, (24, 8)
    row("layout", "test", "at 5 %", "at 1 %", "at .1 %", "+30 pts", widths=wide)
    for name, layout in LAYOUTS.items():
        for kind, test in (("exact", stats.exact_test), ("mid-p", stats.mid_p_test)):
            found = np.array([test(world) for world in drawn_strata(layout, 0.0, rounds)])
            toward = 0.3 if layout[0].mean() <= 0.5 else -0.3
            power = np.mean([test(world) <= ALPHA for world in drawn_strata(layout, toward, 4000)])
            alarms = [float(np.mean(found <= alpha)) for alpha in (0.05, 0.01, 0.001)]
            row(name, kind, *alarms, float(power), widths=wide)
    row("standard error", "", *(error(alpha, rounds) for alpha in (0.05, 0.01, 0.001)), widths=wide)


def nights(rate: float, other: float, worlds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    generator = np.random.default_rng([SEED, round(1000 * rate), round(1000 * other)])
    size = (LOOKS, worlds)
    return generator.binomial(A_NIGHT, rate, size), generator.binomial(A_NIGHT, other, size)


def nightly() -> None:
    """60 nightly looks, 5 executions a side a night: how often "different" is said on some night, 2,000 worlds."""
    worlds, wide = 2000, (14,)
    row("rates", "fixed 5 %", "e-process", "nights", "over tasks", "nights", "st. error", widths=wide)
    for rate, other in ((0.5, 0.5), (0.9, 0.9), (0.05, 0.05), (0.5, 0.6), (0.5, 0.7), (0.5, 0.8), (0.7, 0.9)):
        x, y = nights(rate, other, worlds)
        many = A_NIGHT * np.arange(1, LOOKS + 1)[:, None]
        middle = (x.cumsum(0) + y.cumsum(0)) / (2 * many)
        spread = np.sqrt(np.maximum(middle * (1 - middle) * 2 / many, 1e-12))
        fixed = (np.abs(y.cumsum(0) - x.cumsum(0)) / many / spread > 1.96).any(axis=0).mean()
        found = np.exp(log_e_process(x, A_NIGHT, y, A_NIGHT)) >= 1 / ALPHA
        columns = zip(x.T.tolist(), y.T.tolist(), strict=True)
        over = np.array(
            [
                stats.e_process_over_tasks([[Stratum(a, A_NIGHT, b, A_NIGHT)] for a, b in zip(one, two, strict=True)])
                for one, two in columns
            ]
        ).T
        told = over >= 1 / ALPHA
        share = float(found.any(axis=0).mean())
        row(
            f"{rate:.2f} v {other:.2f}", float(fixed), share, median_night(found), float(told.any(axis=0).mean()),
            median_night(told), error(max(share, 0.01), worlds), widths=wide,
        )  # fmt: skip


def median_night(found: NDArray[np.bool_]) -> str:
    first = np.where(found.any(axis=0), found.argmax(axis=0) + 1, LOOKS + 1)
    middle = int(np.median(first))
    return str(middle) if middle <= LOOKS else "-"


def sequences() -> None:
    """Share of 2,000 worlds in which the 95 % sequence misses the truth on any of 60 nights; mean width at the last."""
    worlds, wide = 2000, (22, 14)
    row("sequence", "rates", "missed", "width", "wilson/newc. missed", "width", widths=(22, 14, 10, 10, 20))
    for rate in (0.5, 0.9, 0.02):
        x, _ = nights(rate, rate, worlds)
        sums = x.cumsum(0)
        missed, widths, fixed, fixed_widths = 0, [], 0, []
        looks = []
        for night in range(LOOKS):
            many = A_NIGHT * (night + 1)
            seen = np.unique(sums[night]).tolist()
            looks.append({s: (stats.confidence_sequence(s, many), stats.wilson(s / many, many)) for s in seen})
        for path in sums.T.tolist():
            pairs = [looks[t][s] for t, s in enumerate(path)]
            missed += any(pair[0].excludes(rate) for pair in pairs)
            fixed += any(pair[1].excludes(rate) for pair in pairs)
            widths.append(pairs[-1][0].high - pairs[-1][0].low)
            fixed_widths.append(pairs[-1][1].high - pairs[-1][1].low)
        row(
            "one rate", f"{rate:.2f}", missed / worlds, float(np.mean(widths)), fixed / worlds,
            float(np.mean(fixed_widths)), widths=(22, 14, 10, 10, 20),
        )  # fmt: skip
    for rate, other in ((0.5, 0.5), (0.5, 0.7), (0.9, 0.9), (0.95, 0.05), (0.02, 0.02)):
        x, y = nights(rate, other, worlds)
        evidence = log_e_process(x, A_NIGHT, y, A_NIGHT, other - rate)
        missed = (evidence >= math.log(1 / ALPHA)).any(axis=0).mean()
        inverted, union = [], []
        for path in range(100):
            blocks = [
                Stratum(a, A_NIGHT, b, A_NIGHT) for a, b in zip(x[:, path].tolist(), y[:, path].tolist(), strict=True)
            ]
            last = stats.difference_sequence(blocks)[-1]
            inverted.append(last.high - last.low)
            total = Stratum(int(x[:, path].sum()), A_NIGHT * LOOKS, int(y[:, path].sum()), A_NIGHT * LOOKS)
            both = stats.difference_of_sequences(total)
            union.append(both.high - both.low)
        row("difference, inverted", f"{rate:.2f} v {other:.2f}", float(missed), float(np.mean(inverted)), widths=wide)
        row("difference, union", f"{rate:.2f} v {other:.2f}", "", float(np.mean(union)), widths=wide)
    row("standard error", "", error(0.05, worlds), widths=wide)


def discoveries() -> None:
    """False discovery rate at 10 % of 50 comparisons, 40 of them null, by dependence, 4,000 worlds."""
    rounds, many, null, rate = 4000, 50, 40, 0.1
    wide = (24, 8)
    row("dependence", "method", "FDR", "st. error", "found", widths=wide)
    for name in ("independent", "one factor, 0.5", "one factor, 0.9", "blocks, opposite"):
        generator = np.random.default_rng([SEED, len(name)])
        noise = generator.standard_normal((rounds, many))
        factor = generator.standard_normal((rounds, 1))
        if name.startswith("one"):
            shared = float(name[-3:])
            noise = math.sqrt(1 - shared) * noise + math.sqrt(shared) * factor
        elif name.startswith("blocks"):
            sign = np.where(np.arange(many) % 2, 1.0, -1.0)
            noise = math.sqrt(0.2) * noise + math.sqrt(0.8) * factor * sign
        shift = np.where(np.arange(many) < null, 0.0, 3.0)
        scores = noise + shift
        p_values = np.clip(2 * ndtr(-np.abs(scores)), 1e-300, 1.0)
        # A bet on a shift of 3 either way: worth 1 on average where there is none.
        bets = (np.exp(3 * scores - 4.5) + np.exp(-3 * scores - 4.5)) / 2
        for method, adjust, values in (
            ("BH", stats.benjamini_hochberg, p_values),
            ("BY", stats.benjamini_yekutieli, p_values),
            ("e-BH", stats.e_benjamini_hochberg, bets),
            ("e-BH(p)", lambda ps: stats.e_benjamini_hochberg([stats.e_of_p(p) for p in ps]), p_values),
        ):
            shares, found = [], []
            for world in values.tolist():
                said = np.array(adjust(world)) <= rate
                shares.append(said[:null].sum() / max(1, said.sum()))
                found.append(said[null:].mean())
            row(
                name, method, float(np.mean(shares)), float(np.std(shares) / math.sqrt(rounds)), float(np.mean(found)),
                widths=wide,
            )  # fmt: skip


def bootstrap() -> None:
    """Coverage of 95 % cluster bootstrap intervals of log-normal costs, 4 executions a task, 1,000 worlds."""
    rounds, repetitions = 1000, 800
    row("estimate, skewness", "tasks", "BCa", "percentile", "not expanded", "st. error", widths=(24, 8, 12, 12, 14))
    for kind, spread in (("mean", 0.5), ("mean", 1.0), ("difference", 0.5), ("difference", 1.0)):
        for tasks in (8, 20, 50, 100):
            hits = np.zeros(3)
            generator = np.random.default_rng([SEED, tasks, kind == "mean", round(10 * spread)])
            for _ in range(rounds):
                level = generator.normal(0, spread, (tasks, 1))
                one = np.exp(level + generator.normal(0, spread, (tasks, 4)))
                two = np.exp(level + generator.normal(0, spread, (tasks, 4)))
                truth = math.exp(spread**2) if kind == "mean" else 0.0
                above = one.sum(axis=1) if kind == "mean" else 2 * (two.mean(axis=1) - one.mean(axis=1))
                below = np.full(tasks, 4.0 if kind == "mean" else 2.0)
                draws = _drawn(above, below, repetitions)
                value = float(above.sum() / below.sum())
                others = (above.sum() - above) / (below.sum() - below)
                z = math.sqrt(tasks / (tasks - 1)) * float(stdtrit(tasks - 1, 0.975))
                for at, (make, reach) in enumerate(((_accelerated, z), (_percentiles, z), (_percentiles, 1.96))):
                    low, high = np.quantile(draws, make(draws, value, others, reach))
                    hits[at] += low <= truth <= high
            found = (hits / rounds).tolist()
            row(f"{kind}, {spread}", tasks, *found, error(0.95, rounds), widths=(24, 8, 12, 12, 14))


def power() -> None:
    """Power foretold (exact on one table, normal approximation over tasks) and found by simulation, 4,000 worlds."""
    rounds, wide = 4000, (26,)
    row("plan", "effect", "foretold", "found", "st. error", widths=wide)
    for m, n, rate, other in ((30, 30, 0.5, 0.8), (39, 39, 0.8, 0.5), (20, 60, 0.3, 0.6), (100, 100, 0.9, 0.8)):
        plan = (np.array([rate]), m, n)
        found = np.mean([stats.boschloo(world[0]) <= ALPHA for world in drawn_strata(plan, other - rate, rounds)])
        row(
            f"{m} v {n} at {rate}",
            other - rate,
            stats.power(rate, other, m, n),
            float(found),
            error(0.8, rounds),
            widths=wide,
        )
    for name, (rates, m, n) in LAYOUTS.items():
        effect = 0.3 if rates.mean() <= 0.5 else -0.3
        planned = [Planned(float(rate), m, n) for rate in rates]
        found = np.mean([stats.mid_p_test(world) <= ALPHA for world in drawn_strata((rates, m, n), effect, rounds)])
        row(name, effect, stats.power_over_tasks(planned, effect), float(found), error(0.8, rounds), widths=wide)
    for n in (10, 30, 100, 300):
        row(
            f"detectable, {n} a side",
            "from .5",
            stats.detectable(0.5, n, n),
            "from .9",
            stats.detectable(0.9, n, n),
            widths=wide,
        )


def alike() -> None:
    """Exact chance of saying "alike within 10 points" of rates 10 points apart (largest, mean), and of equal ones."""
    wide = (16,)
    row("sides", "level", "largest", "mean", "equal, .5", "equal, .9", widths=wide)
    rates = np.linspace(0.0, 0.9, 181)
    for n in (50, 100, 200, 400):
        for level in (0.95, 0.90):
            said = np.zeros((n + 1, n + 1))
            for x, y in itertools.product(range(n + 1), range(n + 1)):
                if abs(x - y) <= 0.1 * n:
                    interval = stats.newcombe(x / n, n, y / n, n, level)
                    said[x, y] = interval.within(0.1)
            wrong = ((masses(n, rates) @ said) * masses(n, rates + 0.1)).sum(axis=1)
            right = [((masses(n, np.array([p])) @ said) * masses(n, np.array([p]))).sum() for p in (0.5, 0.9)]
            row(f"{n}, {n}", level, float(wrong.max()), float(wrong.mean()), *map(float, right), widths=wide)


SECTIONS: dict[str, Callable[[], None]] = {
    "coverage": coverage,
    "difference": difference,
    "tests": tests,
    "strata": strata,
    "nightly": nightly,
    "sequences": sequences,
    "discoveries": discoveries,
    "bootstrap": bootstrap,
    "power": power,
    "alike": alike,
}

if __name__ == "__main__":
    main()
