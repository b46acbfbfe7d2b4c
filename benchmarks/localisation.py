"""How often does ``soma localize`` point at the decision people blamed? One table, cross-validated, beside baselines.

Three sets of failed runs with human labels (``localisation_sets.py``), harvested into a vault; what is scored is
``soma.synthesizer.jobs.localize.blame`` on the vault's redacted and cut rows. No model is called.

soma, cross-validated: leave one task out; the strength of the pull towards zero is chosen inside the other tasks of the
set (five folds, likelihood), never on the task left out. The weights are thrown away.
soma, as shipped: the weights of ``weights.json``. Who&When is not to be trained on (it holds benchmark questions with
answers), so they were fitted on the two others and that set is new to them; the others would be scored on what they
were fitted on, so they have no such line. The features themselves were written by somebody who had read all labels.

Labels, verdicts, reasons and right answers are in no row of the vault but one: that the run failed. That is the setting
"without ground truth" of Who&When.

    python benchmarks/localisation.py [--traces FOLDER] [--write-weights] [--fit-on SET ...]
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from localisation_sets import SETS, TAU, TRAIL, WHO, Case, cases
from scipy.stats import binomtest

from soma.synthesizer.jobs.localize import blame
from soma.synthesizer.jobs.localize.features import FEATURES, features_of
from soma.synthesizer.jobs.localize.fit import Array, chances, fit
from soma.synthesizer.jobs.localize.weights import Weights, shipped
from soma.synthesizer.stats import wilson

ROOT = Path(__file__).resolve().parent.parent
TRACES = ROOT.parent / "shared" / "traces"
WEIGHTS = ROOT / "synthesizer" / "jobs" / "localize" / "weights.json"
VERSION = "1"
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
FOLDS = 5
FREE = (TAU, TRAIL)
"""Sets weights may be shipped from. Who&When holds benchmark questions with answers, not to be trained on."""
PUBLISHED = {
    WHO: "published, best language model, all logs of the paper (arXiv 2505.00212): agent 53.5 %, step 14.2 %",
    TRAIL: "published (arXiv 2505.08638): best model 11-18 %, place and category of every error; not comparable",
}


@dataclass(frozen=True)
class Guess:
    """What a method says of one case: places, the likeliest first, and the agent."""

    places: list[int]
    agent: str | None = None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--traces", type=Path, default=TRACES, help="folder with attribution/")
    arguments.add_argument("--write-weights", action="store_true", help="fit the weights that ship and write them")
    arguments.add_argument("--fit-on", nargs="+", choices=SETS, default=FREE, help="sets for --write-weights")
    given = arguments.parse_args()
    found = cases(given.traces)
    if given.write_weights:
        WEIGHTS.write_text(weights_text(found, given.fit_on), encoding="utf-8")
        print(f"written: {WEIGHTS.relative_to(ROOT)}")
        return
    for name in SETS:
        report(name, found[name])
    sensitivity(found)


def weights_text(found: dict[str, list[Case]], names: Sequence[str]) -> str:
    """The weights file for these sets: the same bytes every time."""
    taught = {name: [case for case in found[name] if case.targets] for name in names}
    pool = [case for name in names for case in taught[name]]
    strength = strength_for(pool)
    column = fit([lesson(case) for case in pool], strength)
    content = {
        "version": VERSION, "sets": {name: len(taught[name]) for name in names}, "strength": strength,
        "weights": {name: round(float(weight), 4) + 0.0 for name, weight in zip(FEATURES, column, strict=True)},
    }  # fmt: skip
    return json.dumps(content, indent=2) + "\n"


def lesson(case: Case) -> tuple[Array, Array]:
    """Features of a case, and the part of the blame of each decision."""
    rows = np.array(features_of(case.steps, case.run.task_text, talk=bool(case.speakers)))
    parts = np.zeros(len(case.steps))
    for target in case.targets:
        parts[target] = 1 / len(case.targets)
    return rows, parts


def strength_for(pool: Sequence[Case]) -> float:
    """The strength under which folds of whole tasks are likeliest when predicted from the others."""
    lessons, fold = [lesson(case) for case in pool], folds(pool, FOLDS)

    def likelihood(strength: float) -> float:
        total = 0.0
        for left in range(FOLDS):
            learnt = [each for each, its in zip(lessons, fold, strict=True) if its != left]
            column = fit(learnt, strength)
            for (rows, parts), its in zip(lessons, fold, strict=True):
                if its == left:
                    total += float(parts @ np.log(chances(column, rows) + 1e-300))
        return total

    return max(STRENGTHS, key=likelihood)


def folds(pool: Sequence[Case], many: int) -> list[int]:
    """A fold for each case; cases of one task share it."""
    tasks = sorted({task_of(case) for case in pool})
    return [tasks.index(task_of(case)) % many for case in pool]


def task_of(case: Case) -> str:
    """What the case attempted; runs of one task are never on both sides of a split."""
    return case.run.task_id or case.run.task_text or case.name


def cross_validated(pool: Sequence[Case]) -> list[Guess]:
    """soma on every case, with weights from the other tasks."""
    fitted: dict[str, Weights] = {}
    for task in sorted({task_of(case) for case in pool}):
        others = [case for case in pool if task_of(case) != task and case.targets]
        strength = strength_for(others)
        column = fit([lesson(case) for case in others], strength)
        named = dict(zip(FEATURES, map(float, column), strict=True))
        fitted[task] = Weights(version="cv", sets={}, strength=strength, weights=named)
    return [soma(case, fitted[task_of(case)]) for case in pool]


def soma(case: Case, weights: Weights) -> Guess:
    """What ``soma localize`` says; the agent is the one with the largest share over all it said."""
    ranked = blame(case.run, case.steps, weights=weights)
    index = {step.decision_id: place for place, step in enumerate(case.steps)}
    shares: dict[str, float] = defaultdict(float)
    for decision in ranked:
        shares[decision.speaker or ""] += decision.share
    agent = max(sorted(shares), key=lambda name: shares[name]) if case.speakers else None
    return Guess([case.places[index[decision.decision_id]] for decision in ranked], agent)


def common_position(pool: Sequence[Case]) -> list[Guess]:
    """Always the place people blamed most often in the other tasks (the earlier of equals)."""
    said = []
    for case in pool:
        seen = Counter(place for other in pool if task_of(other) != task_of(case) for place in sorted(other.blamed))
        order = sorted(seen, key=lambda place: (-seen[place], place))
        speaker = dict(zip(case.places, case.speakers, strict=False)).get(order[0])
        said.append(Guess(order, speaker))
    return said


def by_rule(order: Callable[[Case], Iterable[int]]) -> Callable[[Sequence[Case]], list[Guess]]:
    """A baseline that orders the decisions of a case by a fixed rule."""

    def guesses(pool: Sequence[Case]) -> list[Guess]:
        said = []
        for case in pool:
            ranked = list(dict.fromkeys(order(case)))
            agent = case.speakers[ranked[0]] if case.speakers else None
            said.append(Guess([case.places[index] for index in ranked], agent))
        return said

    return guesses


def broken(case: Case) -> list[int]:
    return [index for index, step in enumerate(case.steps) if step.outcome in {"failed", "timeout"}]


def forwards(case: Case) -> range:
    return range(len(case.steps))


def backwards(case: Case) -> range:
    return range(len(case.steps) - 1, -1, -1)


def most_words(case: Case) -> list[int]:
    """Decisions of the agent that decided most often, first ones first."""
    often = Counter(case.speakers)
    return sorted(forwards(case), key=lambda index: (-often[case.speakers[index]], case.speakers[index], index))


def report(name: str, pool: list[Case]) -> None:
    on = Counter(case.on for case in pool)
    print(f"\n{name}: {len(pool)} failed runs, {sum(len(case.steps) for case in pool)} decisions; the label is on "
          + ", ".join(f"{word} {many}" for word, many in sorted(on.items())))  # fmt: skip
    reach = sum(bool(case.blamed & set(case.places)) for case in pool)
    print(
        f"a vault holds the blamed step as a decision in {reach} of {len(pool)}; the others count as missed everywhere"
    )
    print(f"  {'':38} {'step, exact':>26} {'±1':>7} {'±2':>7} {'±3':>7} {'top 3':>7}  agent")
    methods: dict[str, Callable[[Sequence[Case]], list[Guess]]] = {
        "first step": by_rule(forwards),
        "last step": by_rule(backwards),
        "first error, else first step": by_rule(lambda case: [*broken(case), *forwards(case)]),
        "last error, else last step": by_rule(lambda case: [*reversed(broken(case)), *backwards(case)]),
    }
    if pool[0].speakers:
        methods["first step of the agent heard most"] = by_rule(most_words)
    methods["most common position (cross-validated)"] = common_position
    methods["soma (cross-validated)"] = cross_validated
    if name not in shipped().sets:
        methods["soma, as shipped (set never seen)"] = lambda pool: [soma(case, shipped()) for case in pool]
    print(f"  {'random step (expected)':38} {_expected(pool)}")
    results = {label: method(pool) for label, method in methods.items()}
    for label, said in results.items():
        print(f"  {label:38} {_line(pool, said)}")
    if name in PUBLISHED:
        print(f"  {PUBLISHED[name]}")
    exact = {label: [_exact(c, g) for c, g in zip(pool, said, strict=True)] for label, said in results.items()}
    ours = exact["soma (cross-validated)"]
    rivals = {label: sum(hits) for label, hits in exact.items() if not label.startswith("soma")}
    best = max(rivals, key=lambda label: rivals[label])
    won = sum(a and not b for a, b in zip(ours, exact[best], strict=True))
    lost = sum(b and not a for a, b in zip(ours, exact[best], strict=True))
    p = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    print(
        f"  soma (cross-validated) against {best!r}, the same runs: {won} won, {lost} lost, McNemar exact p = {p:.3f}"
    )


def sensitivity(found: dict[str, list[Case]]) -> None:
    """How much the set that shipped weights never saw depends on the one number that is chosen."""
    pool = [case for name in FREE for case in found[name] if case.targets]
    print(
        f"\n{WHO}, weights fitted on {' and '.join(FREE)}, under every strength (the rule chose {shipped().strength}):"
    )
    for strength in STRENGTHS:
        column = fit([lesson(case) for case in pool], strength)
        named = dict(zip(FEATURES, map(float, column), strict=True))
        weights = Weights(version="tried", sets={}, strength=strength, weights=named)
        said = [(case, soma(case, weights)) for case in found[WHO]]
        steps = sum(_exact(*each) for each in said)
        agents = sum(guess.agent == case.blamed_agent for case, guess in said)
        print(f"  {strength:5.1f}  step {_share(steps, len(said))}   agent {_share(agents, len(said))}")


def _exact(case: Case, guess: Guess) -> bool:
    return guess.places[0] in case.blamed


def _line(pool: Sequence[Case], said: Sequence[Guess]) -> str:
    both = list(zip(pool, said, strict=True))
    off = [min((abs(guess.places[0] - place) for place in case.blamed), default=math.inf) for case, guess in both]
    near = [f"{100 * sum(each <= reach for each in off) / len(off):5.1f} %" for reach in (1, 2, 3)]
    top = sum(bool(case.blamed & set(guess.places[:3])) for case, guess in both)
    line = (
        f"{_share(sum(_exact(*each) for each in both), len(both)):>26} {' '.join(near)} {100 * top / len(both):5.1f} %"
    )
    if any(case.speakers for case in pool):
        line += f"  {_share(sum(guess.agent == case.blamed_agent for case, guess in both), len(both))}"
    return line


def _share(hits: int, many: int) -> str:
    interval = wilson(hits / many, many)
    return f"{100 * hits / many:5.1f} % [{100 * interval.low:4.1f}, {100 * interval.high:4.1f}]"


def _expected(pool: Sequence[Case]) -> str:
    """The mean over all decisions of a case, then over cases: what a random decision scores in the long run."""

    def mean(hit: Callable[[Case, int], float]) -> str:
        value = sum(sum(hit(case, place) for place in case.places) / len(case.places) for case in pool) / len(pool)
        return f"{100 * value:5.1f} %"

    near = [
        mean(lambda case, place, reach=reach: float(any(abs(place - b) <= reach for b in case.blamed)))  # type: ignore[misc]
        for reach in (1, 2, 3)
    ]
    line = f"{mean(lambda case, place: float(place in case.blamed)):>12} {'':13} {' '.join(near)}"
    if any(case.speakers for case in pool):
        agents = sum(
            sum(speaker == case.blamed_agent for speaker in case.speakers) / len(case.speakers) for case in pool
        )
        line += f" {'':7}  {100 * agents / len(pool):5.1f} % (speaker of a random step)"
    return line


if __name__ == "__main__":
    main()
