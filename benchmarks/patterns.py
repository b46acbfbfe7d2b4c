"""What the guidance patterns say over real traces: how often, to whom, together with what.

python benchmarks/patterns.py table [--traces FOLDER | --vault FOLDER]   per pattern: firings, executions; the overlap
python benchmarks/patterns.py show PATTERN [--sample N] [--seed N]       firings drawn at random, to be judged by eye
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from soma import Vault
from soma.config import PatternSettings
from soma.pressure import Engine
from soma.pressure.patterns import Rulebook, patterns_digest, patterns_of
from soma.pressure.replay.vault import each_execution
from soma.pressure.replay.watch import watch

ROOT = Path(__file__).resolve().parent.parent
TRACES = ROOT.parent / "shared" / "traces"
SAMPLE = 12


class Fired(NamedTuple):
    """One firing: where, whether it spoke first, what it said, and how its execution ended."""

    pattern: str
    execution_id: str
    framework: str
    step: int
    first: bool
    severity: str
    what: str
    success: bool | None


class Survey(NamedTuple):
    """All firings, how often each pattern matched, and how the executions ended."""

    firings: list[Fired]
    matches: Counter[str]
    together: Counter[tuple[str, str]]
    at_once: Counter[int]
    actions: int
    spoken: int
    success: dict[str, bool | None]


@contextmanager
def opened(traces: Path, vault: Path | None) -> Iterator[Vault]:
    """A vault of all traces, or the one that is there."""
    if vault is not None:
        yield Vault(vault)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Vault(Path(folder) / "vault")
        made.harvest([str(traces)])
        yield made


def survey(vault: Vault, settings: PatternSettings | None = None) -> Survey:
    """Replay every execution by itself with fresh engine and rulebook."""
    found = Survey([], Counter(), Counter(), Counter(), 0, 0, {})
    patterns = patterns_of(settings or PatternSettings())
    actions = spoken = 0
    for row, events in each_execution(vault.snapshot()):
        found.success[row["execution_id"]] = row["success"]
        for step, (_, _, watched) in enumerate(watch(events, Engine(), Rulebook(patterns))):
            actions += 1
            spoken += bool(watched.fired)
            found.matches.update(watched.matching)
            found.at_once[len(watched.matching)] += 1
            names = [finding.pattern for finding in watched.fired]
            found.together.update((a, b) for place, a in enumerate(names) for b in names[place + 1 :])
            for place, finding in enumerate(watched.fired):
                found.firings.append(Fired(finding.pattern, row["execution_id"], row["framework"], step, place == 0,
                                           finding.severity.name.lower(), finding.what, row["success"]))  # fmt: skip
    return found._replace(actions=actions, spoken=spoken)


def table(found: Survey) -> None:
    """Per pattern: matches, firings, how often it speaks first, executions and how they ended."""
    patterns = patterns_of(PatternSettings())
    known = [success for success in found.success.values() if success is not None]
    print(f"patterns {patterns_digest(patterns)}: {len(found.success):,} executions, {found.actions:,} actions, "
          f"something is said after {found.spoken:,}")  # fmt: skip
    print(f"known to have failed: {known.count(False)} executions, to have succeeded: {known.count(True)}")
    print(
        f"{'pattern':<18} {'matches':>7} {'fires':>6} {'first':>6} {'execs':>6} {'of failed':>14} {'of succeeded':>14}"
    )
    for pattern in patterns:
        own = [fired for fired in found.firings if fired.pattern == pattern.name]
        executions = {fired.execution_id: fired.success for fired in own}
        cells = []
        for success in (False, True):
            hit = sum(value is success for value in executions.values())
            cells.append(f"{hit:>4} ({100 * hit / max(1, known.count(success)):4.1f} %)")
        print(f"{pattern.name:<18} {found.matches[pattern.name]:>7} {len(own):>6} {sum(f.first for f in own):>6} "
              f"{len(executions):>6} {cells[0]:>14} {cells[1]:>14}")  # fmt: skip
    several = Counter(Counter((f.execution_id, f.step) for f in found.firings).values())
    print("match at once: " + ", ".join(f"{n} at {found.at_once[n]}" for n in sorted(found.at_once) if n) + " actions")
    print("fire at once: " + ", ".join(f"{count} at {times} actions" for count, times in sorted(several.items())))
    for (one, other), times in found.together.most_common(10):
        print(f"  {one} + {other}: {times}")


def drawn(found: Survey, pattern: str, sample: int, seed: int) -> list[Fired]:
    """Firings drawn at random, each from an execution of its own where there are enough."""
    own = [fired for fired in found.firings if fired.pattern == pattern]
    random.Random(seed).shuffle(own)
    of_each: dict[str, Fired] = {}
    for fired in own:
        of_each.setdefault(fired.execution_id, fired)
    rest = [fired for fired in own if of_each[fired.execution_id] is not fired]
    return [*of_each.values(), *rest][:sample]


def show(vault: Vault, found: Survey, pattern: str, sample: int, seed: int) -> None:
    """Drawn firings, each with what led to it."""
    for fired in drawn(found, pattern, sample, seed):
        print(f"\n== {fired.execution_id} step {fired.step} [{fired.severity}] success {fired.success}: {fired.what}")
        rows = vault.sql(
            "SELECT step, role, action, outcome, error, output, reasoning, arguments FROM decisions "
            "WHERE execution_id = ? AND step BETWEEN ? AND ? ORDER BY step",
            [fired.execution_id, fired.step - 5, fired.step],
        ).to_pylist()
        for row in rows:
            print(f"  {row['step']:>4} {row['role']:<8} {row['action']:<28} {row['outcome']}")
            for name in ("reasoning", "arguments", "error", "output"):
                if row[name]:
                    print(f"         {name}: {row[name][:230]!r}")


def main() -> None:
    """Print the table, or firings to look at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", choices=("table", "show"))
    parser.add_argument("pattern", nargs="?")
    parser.add_argument("--traces", type=Path, default=TRACES, help="folder of real traces")
    parser.add_argument("--vault", type=Path, help="a vault that holds them already")
    parser.add_argument("--context-window", type=int, help="tokens of every model's context window")
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with opened(given.traces, given.vault) as vault:
        found = survey(vault, PatternSettings(given.context_window))
        if given.part == "table":
            table(found)
        else:
            show(vault, found, given.pattern, given.sample, given.seed)


if __name__ == "__main__":
    main()
