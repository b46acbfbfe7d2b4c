"""What the gates were measured to do: false verdicts, findings, and the sizes they need.

    python benchmarks/gates.py [SECTION ...] [--repeats 1000]

Every repeat looks after every pair. Seeds are fixed; ± is one standard error of a share.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from soma.pressure.assignment import Firing, deal, family_of
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.gates.betting import evidence, interval
from soma.synthesizer.jobs.gates.model import Verdict
from soma.synthesizer.jobs.gates.pairs import Item, blocks, differences
from soma.synthesizer.jobs.gates.planning import planned
from soma.synthesizer.jobs.gates.verdict import verdict_of
from soma.synthesizer.jobs.guidance.course import completed
from soma.synthesizer.stats import (
    Stratum,
    boschloo,
    difference_sequence,
    e_benjamini_hochberg,
    e_process_over_tasks,
    needed_per_side,
    proportion,
)

TRACES = Path(os.environ.get("SOMA_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "traces"))
DELTA = 0.1
VERDICTS = ("validated", "refuted", "alike", "collecting")


@lru_cache(maxsize=1 << 18)
def verdict(up: int, level: int, down: int) -> Verdict:
    """The gate's verdict after so many pairs better, equal and worse."""
    seen = {value: many for value, many in ((1.0, up), (0.0, level), (-1.0, down)) if many}
    return verdict_of(seen, min(1.0, 1 / evidence(seen).e_value), DELTA)


def pairs(rng: random.Random, name: str, control: float, treatment: float, many: int) -> Iterator[tuple[bool, bool]]:
    """Outcomes of firings dealt by permuted blocks, one of each arm at a time: control, treatment."""
    waiting: dict[str, list[bool]] = {"control": [], "treatment": []}
    firings = (Firing(f"{name}-{number}", "bash_retry", "worker-1") for number in range(10 * many))
    made = 0
    for _, arm in deal(f"seed {name}", firings):
        waiting[arm].append(rng.random() < (treatment if arm == "treatment" else control))
        while made < many and waiting["control"] and waiting["treatment"]:
            made += 1
            yield waiting["control"].pop(0), waiting["treatment"].pop(0)
        if made == many:
            return


def decided(outcomes: Iterator[tuple[bool, bool]]) -> tuple[Verdict, int]:
    """The first verdict with the pair it came after."""
    up = level = down = 0
    for control, treatment in outcomes:
        up += treatment > control
        level += treatment == control
        down += treatment < control
        if (found := verdict(up, level, down)) != "collecting":
            return found, up + level + down
    return "collecting", up + level + down


def row(*cells: object, first: int = 24) -> None:
    texts = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells]
    print("   " + " ".join(text.ljust(first) if not at else text.rjust(13) for at, text in enumerate(texts)))


def share(part: int, whole: int) -> str:
    rate = part / whole
    return f"{100 * rate:.1f} ± {100 * math.sqrt(max(rate * (1 - rate), 1e-9) / whole):.1f}"


def equals(repeats: int) -> None:
    """A/A, a look after every pair up to 300: shares of repeats in %; a fixed 5 % test beside it."""
    row("rates", "passed", "refuted", "alike", "collecting", "fixed test")
    for rate in (0.5, 0.8, 0.92):
        told: Counter[str] = Counter()
        fixed = 0
        for repeat in range(repeats):
            outcomes = list(pairs(random.Random(f"aa {rate} {repeat}"), f"{repeat}", rate, rate, 300))
            told[decided(iter(outcomes))[0]] += 1
            fixed += _fixed(outcomes)
        row(
            f"{rate}, {rate}", *(share(told[name], repeats) for name in VERDICTS),
            share(fixed, repeats),
        )  # fmt: skip


def _fixed(outcomes: list[tuple[bool, bool]]) -> bool:
    """Whether a 5 % test on the totals, looked at after every pair from the 30th on, was ever significant."""
    x = y = 0
    for many, (control, treatment) in enumerate(outcomes, 1):
        x, y = x + control, y + treatment
        middle = (x + y) / (2 * many)
        if many >= 30 and abs(y - x) > 1.96 * math.sqrt(2 * many * middle * (1 - middle)):
            return True
    return False


def found(repeats: int) -> None:
    """A true effect: the stated number of pairs, how often it is found by then (%), median pair of finding."""
    row("rates", "stated n", "found", "wrong way", "median", "look once: n")
    for control, effect in ((0.5, 0.2), (0.3, 0.2), (0.7, 0.2), (0.8, 0.2), (0.5, -0.2), (0.5, 0.1), (0.5, 0.3)):
        stated = planned(control, effect) if effect > 0 else planned(1 - control, -effect)
        assert stated is not None
        ends = [
            decided(
                pairs(random.Random(f"{control} {effect} {repeat}"), f"{repeat}", control, control + effect, stated)
            )
            for repeat in range(repeats)
        ]
        right, wrong = ("validated", "refuted") if effect > 0 else ("refuted", "validated")
        hits = sorted(pair for end, pair in ends if end == right)
        look_once = needed_per_side(max(control, control + effect), abs(effect))
        row(
            f"{control}, {control + effect:.1f}", stated, share(len(hits), repeats),
            share(sum(end == wrong for end, _ in ends), repeats), hits[len(hits) // 2], look_once,
        )  # fmt: skip


def intervals(repeats: int) -> None:
    """Interval of 300 pairs, one per task: never missing the truth at any look (%), mean width; pooled rates beside."""
    repeats = min(repeats, 200)
    row("tasks", "right always", "width", "pooled width", "effect")
    for name, certain in (("equal", 0.0), ("half certain", 0.5), ("four of five certain", 0.8)):
        for effect in (0.0, 0.2):
            right, widths, pooled = 0, [], []
            for repeat in range(repeats):
                rng = random.Random(f"width {name} {effect} {repeat}")
                seen: Counter[float] = Counter()
                made, missed = [], False
                for _ in range(300):
                    rate = rng.choice((0.0, 1.0)) if rng.random() < certain else 0.5
                    other = rate + effect if rate == 0.5 else rate
                    pair = Stratum(int(rng.random() < rate), 1, int(rng.random() < other), 1)
                    made.append(pair)
                    seen[float(pair.second_successes - pair.first_successes)] += 1
                    truth = effect * (1 - certain)
                    told = evidence(seen, truth)
                    missed = missed or max(told) >= math.log(40)
                right += not missed
                last = interval(seen)
                widths.append(last.high - last.low)
                if repeat < 20:
                    whole = difference_sequence(made)[-1]
                    pooled.append(whole.high - whole.low)
            row(name, share(right, repeats), math.fsum(widths) / repeats, math.fsum(pooled) / len(pooled), effect)


def corpus(repeats: int) -> None:
    """A/A on real runs, InterCode's, dealt to two arms at random; tasks as unequal as they are."""
    from soma.harvester.harvest import Options, harvest
    from soma.vault import VaultRoot

    if not TRACES.is_dir():
        print("   no traces lie beside this checkout")
        return
    with tempfile.TemporaryDirectory() as folder:
        root = VaultRoot(Path(folder) / "vault")
        harvest([str(TRACES / "intercode-bash")], root, Options(jobs=1))
        snapshot = root.snapshot()
        assignments = tasks.run(snapshot).assignments
        table = snapshot.sql("SELECT execution_id, success FROM executions WHERE success IS NOT NULL ORDER BY ALL")
        runs = list(zip(table["execution_id"].to_pylist(), table["success"].to_pylist(), strict=True))
    told: Counter[str] = Counter()
    many: Counter[int] = Counter()
    for repeat in range(repeats):
        firings = [Firing(execution, "shadow", "agent") for execution, _ in runs]
        random.Random(f"order {repeat}").shuffle(firings)
        success = dict(runs)
        items = [Item(assignments[one.firing_id], arm == "treatment", success[one.firing_id])
                 for one, arm in deal(f"shadow {repeat}", firings)]  # fmt: skip
        seen: Counter[float] = Counter()
        end: Verdict = "collecting"
        for block in blocks(items):
            (value,) = differences([block])
            seen[value] += 1
            if set(seen) <= {1.0, 0.0, -1.0}:
                end = verdict(seen[1.0], seen[0.0], seen[-1.0])
            else:
                end = verdict_of(seen, min(1.0, 1 / evidence(seen).e_value), DELTA)
            if end in ("validated", "refuted"):
                break
        told[end] += 1
        many[seen.total()] += 1
    row("runs", "passed", "refuted", "alike", "collecting", "pairs")
    row(len(runs), *(share(told[name], repeats) for name in VERDICTS), max(many))


class Shadow(NamedTuple):
    """A replayed firing with known outcome: nobody was told anything."""

    firing: Firing
    recovered: bool


@lru_cache(maxsize=1)
def shadows() -> tuple[Shadow, ...]:
    """Firings of every pattern replayed over all real traces, with recovery within 5 actions."""
    from soma.harvester.harvest import Options, harvest
    from soma.pressure.engine import Configuration
    from soma.pressure.replay.keep import keep
    from soma.vault import VaultRoot

    with tempfile.TemporaryDirectory() as folder:
        root = VaultRoot(Path(folder) / "vault")
        harvest([str(TRACES)], root, Options(jobs=1))
        keep(root, Configuration())
        rows = root.snapshot().sql(
            "SELECT f.firing_id, f.pattern, f.agent_id, o.recovered FROM firings AS f JOIN firing_outcomes AS o "
            "ON o.firing_id = f.firing_id WHERE o.horizon = 5 ORDER BY f.firing_id"
        )
    return tuple(
        Shadow(Firing(row["firing_id"], row["pattern"], row["agent_id"]), row["recovered"]) for row in rows.to_pylist()
    )


@lru_cache(maxsize=1 << 18)
def _evidence(seen: tuple[tuple[float, int], ...]) -> tuple[float, bool]:
    """E-value, and whether it speaks for the treatment."""
    found = evidence(dict(seen))
    return found.e_value, found.above > found.below


def looks(firings: list[Shadow], seed: str, effect: float = 0.0) -> Iterator[tuple[int, dict[str, bool]]]:
    """A look at all patterns after every pair: pairs so far, and what is called better (true) or worse."""
    rng = random.Random(f"effect {seed}")
    good = {one.firing.firing_id: one.recovered for one in firings}
    items: dict[str, list[tuple[int, Item]]] = defaultdict(list)
    for at, (one, arm) in enumerate(deal(seed, [each.firing for each in firings])):
        helped = arm == "treatment" and rng.random() < effect
        items[one.pattern].append(
            (at, Item(family_of(one.agent_id), arm == "treatment", good[one.firing_id] or helped))
        )
    pairs = [(at, pattern, block) for pattern, own in items.items() for at, block in completed(own)]
    seen: dict[str, Counter[float]] = defaultdict(Counter)
    for many, (_, pattern, block) in enumerate(sorted(pairs, key=lambda pair: pair[:2]), 1):
        seen[pattern].update(differences([block]))
        begun = sorted(seen)
        told = [_evidence(tuple(sorted(seen[name].items()))) for name in begun]
        q_values = e_benjamini_hochberg([e_value for e_value, _ in told])
        decided = zip(begun, told, q_values, strict=True)
        yield many, {name: better for name, (_, better), q_value in decided if q_value <= 0.05}


def shadow(repeats: int) -> None:
    """Arms dealt to replayed firings of all real traces: A/A over all patterns, and a true effect of +20 points."""
    if not TRACES.is_dir():
        print("   no traces lie beside this checkout")
        return
    whole = list(shadows())
    patterns = Counter(one.firing.pattern for one in whole)
    row("A/A, repeats in %", "nothing", "better", "worse", "pairs")
    for name, chosen in (
        (f"{len(patterns)} patterns, {len(whole)} firings", whole),
        *((f"{pattern}, {many} firings", [one for one in whole if one.firing.pattern == pattern])
          for pattern, many in patterns.most_common(4)),
    ):  # fmt: skip
        told: Counter[str] = Counter()
        most = 0
        for repeat in range(repeats):
            order = random.Random(f"order {repeat}").sample(chosen, len(chosen))
            ever: set[bool] = set()
            for many, called in looks(order, f"shadow {repeat}"):
                ever.update(called.values())
                most = max(most, many)
            told["better"] += True in ever
            told["worse"] += False in ever
            told["nothing"] += not ever
        row(name, *(share(told[word], repeats) for word in ("nothing", "better", "worse")), most, first=34)
    row("+20 points, repeats in %", "stated pairs", "found", "wrong way")
    for pattern, many in patterns.most_common(4):
        own = [one for one in whole if one.firing.pattern == pattern]
        rate = sum(one.recovered for one in own) / many
        stated = planned(rate, 0.2)
        assert stated is not None
        helps = 0.2 / (1 - rate)
        found, wrong = 0, 0
        for repeat in range(repeats):
            rng = random.Random(f"drawn {pattern} {repeat}")
            # Drawn with putting back, as more are needed than there are.
            drawn = [
                Shadow(Firing(f"{number}", pattern, "agent"), one.recovered)
                for number, one in enumerate(rng.choices(own, k=2 * stated))
            ]
            first = next((called[pattern] for _, called in looks(drawn, f"drawn {repeat}", helps) if called), None)
            found += first is True
            wrong += first is False
        row(f"{pattern}, from {100 * rate:.1f} %", stated, share(found, repeats), share(wrong, repeats), first=34)


def seed(_: int) -> None:
    """The published figure: 55 of 60 and its Wilson interval; and the two processes beside each other on 60 pairs."""
    whole = proportion(55, 60)
    print(f"   55 of 60: {100 * whole.interval.low:.1f} to {100 * whole.interval.high:.1f} %")
    made = [Stratum(int(number % 3 == 0), 1, int(number % 3 != 1), 1) for number in range(60)]
    own = evidence(differences(made)).e_value
    test = boschloo(Stratum(20, 60, 40, 60))
    print(f"   e-value {own:.2f}, over tasks {e_process_over_tasks([made])[-1]:.2f}, test {test:.4f}")


SECTIONS: dict[str, Callable[[int], None]] = {
    "equals": equals,
    "found": found,
    "intervals": intervals,
    "corpus": corpus,
    "shadow": shadow,
    "seed": seed,
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    arguments.add_argument("--repeats", type=int, default=1000)
    given = arguments.parse_args()
    for name in given.sections or SECTIONS:
        started = time.perf_counter()
        print(f"\n== {name}: {SECTIONS[name].__doc__}")
        SECTIONS[name](given.repeats)
        print(f"   ({time.perf_counter() - started:.0f} s)")


if __name__ == "__main__":
    main()
