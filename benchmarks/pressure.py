"""What the pressure engine sees, what it cries wolf at, and how fast it is.

python benchmarks/pressure.py storms [--traces FOLDER]   how soon a storm is told, and what is told where all is well
python benchmarks/pressure.py speed                      actions per second: scalar with texts, vectorised numeric core
python benchmarks/pressure.py resume [--actions N]       stopping and restoring at 100 random points changes no bit,
                                     [--python PYTHON]   nor do another hash seed and another Python
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from time import perf_counter, process_time

from msgspec.structs import replace

from soma.pressure import Action, Engine, Mode

ROOT = Path(__file__).resolve().parent.parent
TRACES = ROOT.parent / "shared" / "traces"
SEEDS = 200
STORM = 40
HEALTHY = (10, 30, 60)
TOOLS = tuple(
    tuple(line.split())
    for line in """
shell exec:pytest Bash
shell exec:ls Bash
shell exec:git Bash
read read:src Read
read read:tests Read
search search:code Grep
edit edit:src Edit
write write:src Write
""".strip().splitlines()
)
PROSE = """the file has a function that reads lines and returns a table of rows which the caller checks before it writes
them into the store so next come the tests of that module"""
WORDS = PROSE.split()
TASK = "Repair the function that reads lines of the table and make the tests of the module pass"


def healthy(random_: random.Random, number: int) -> Action:
    """One action of an agent that does well: one in fifty fails, tokens vary by a factor of three each way."""
    role, action, tool = random_.choice(TOOLS)
    tokens = int(600 * 3 ** random_.uniform(-1, 1))
    return Action(
        role=role, action=action, tool=tool, arguments_digest=f"a{number}", output_digest=f"o{number}",
        outcome="failed" if random_.random() < 0.02 else "ok", output=" ".join(random_.choices(WORDS, k=40)),
        reasoning=" ".join(random_.choices(WORDS, k=25)), tokens=tokens, cost_usd=tokens * 3e-6,
        duration_ms=random_.uniform(50, 900), started_at=number * 1_000_000,
    )  # fmt: skip


def _all_different(random_: random.Random, number: int) -> Action:
    return replace(healthy(random_, number), outcome="failed", error=f"error {number}: no such thing")


def _all_same(random_: random.Random, number: int) -> Action:
    return replace(healthy(random_, number), role="shell", action="exec:pytest", tool="Bash", arguments_digest="same",
                 output_digest=f"o{number}", outcome="failed", error="3 failed")  # fmt: skip


def _silent(random_: random.Random, number: int) -> Action:
    return replace(healthy(random_, number), role="shell", action="exec:ls", tool="Bash", arguments_digest="same",
                 output_digest="same", outcome="ok")  # fmt: skip


def _every_second(first: int) -> Callable[[random.Random, int], Action]:
    def action(random_: random.Random, number: int) -> Action:
        return replace(healthy(random_, number), outcome="failed" if number % 2 == first else "ok")

    return action


def _tokens(random_: random.Random, number: int) -> Action:
    found = healthy(random_, number)
    return replace(found, outcome="ok", tokens=(found.tokens or 0) * 100, cost_usd=None)


def _cost(random_: random.Random, number: int) -> Action:
    found = healthy(random_, number)
    return replace(found, outcome="ok", tokens=None, cost_usd=(found.cost_usd or 0.0) * 100)


Allowed = tuple[int | None, int | None, int | None]
STORMS: dict[str, tuple[Callable[[random.Random, int], Action], Allowed]] = {
    "every action fails, calls differ": (_all_different, (None, 3, 5)),
    "every action fails, same call": (_all_same, (None, 3, 5)),
    "same call, same result, no error": (_silent, (4, 6, None)),
    "every 2nd action fails, from the 1st": (_every_second(0), (None, 10, None)),
    "every 2nd action fails, from the 2nd": (_every_second(1), (None, 10, None)),
    "100x tokens, cost not known": (_tokens, (None, 3, None)),
    "100x cost, tokens not known": (_cost, (None, 3, None)),
}


def latencies(make: Callable[[random.Random, int], Action], before: int, seed: int) -> tuple[list[int | None], float]:
    """Actions until GUIDE, WARN and BLOCK after ``before`` healthy ones, and the highest pressure of the storm."""
    random_ = random.Random(seed)
    engine = Engine()
    engine.begin("agent", "session", TASK)
    for number in range(before):
        engine.step("agent", healthy(random_, number))
    first: list[int | None] = [None, None, None]
    highest = 0.0
    for number in range(STORM):
        # Numbers go on evenly, so that "every 2nd" starts where it says.
        reading = engine.step("agent", make(random_, 1000 + number))
        highest = max(highest, reading.pressure)
        for mode in (Mode.GUIDE, Mode.WARN, Mode.BLOCK):
            if reading.mode >= mode and first[mode - 1] is None:
                first[mode - 1] = number + 1
    return first, highest


def storm_table() -> tuple[list[tuple[str, int, list[str], float]], bool]:
    """Rows (condition, healthy actions before, latency per mode, highest pressure); whether all hold."""
    rows, all_hold = [], True
    for name, (make, allowed) in STORMS.items():
        for before in HEALTHY:
            found = [latencies(make, before, seed) for seed in range(SEEDS)]
            cells = []
            for place, limit in enumerate(allowed):
                values = [first[place] for first, _ in found]
                worst = None if None in values else max(value for value in values if value is not None)
                cell = "never" if worst is None else f"{int(statistics.median(v for v in values if v))}–{worst}"
                if limit is not None:
                    holds = worst is not None and worst <= limit
                    all_hold &= holds
                    cell += f" {'✔' if holds else '✘'} {limit}"
                cells.append(cell)
            rows.append((name, before, cells, max(highest for _, highest in found)))
    return rows, all_hold


def successful(traces: Path) -> dict[str, Counter[str]]:
    """Modes at the actions of the successful executions of all real corpora by framework, each with a fresh engine."""
    from soma import Vault
    from soma.pressure.replay.recording import readings
    from soma.pressure.replay.vault import each_execution

    found: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "vault")
        vault.harvest([str(traces)])
        for row, events in each_execution(vault.snapshot()):
            if row["success"]:
                modes = found.setdefault(row["framework"], Counter())
                modes["executions"] += 1
                modes.update(reading.mode.name for _, reading in readings(events, Engine()))
    return found


def storms(traces: Path) -> bool:
    """Both halves of the bargain on one page; whether both hold."""
    rows, all_hold = storm_table()
    print(f"First action of a storm of {STORM} at which a mode is reached:")
    print(f"median–worst of {SEEDS} seeds; ✔ n: asked for by n")
    print(f"{'condition':<38} {'healthy':>7}  {'GUIDE':<10} {'WARN':<12} {'BLOCK':<10} highest")
    for name, before, cells, highest in rows:
        print(f"{name:<38} {before:>7}  {cells[0]:<10} {cells[1]:<12} {cells[2]:<10} {highest:.2f}")
    print("\nModes at the actions of successful executions of all real corpora")
    if not traces.is_dir():
        print(f"  not measured: there is no {traces}")
        return all_hold
    total: Counter[str] = Counter()
    for framework, modes in sorted(successful(traces).items()):
        total += modes
        print(f"  {framework:<12} {_shares(modes)}")
    print(f"  {'all':<12} {_shares(total)}")
    actions = sum(total[mode.name] for mode in Mode)
    high = total["WARN"] + total["BLOCK"]
    print(f"WARN or above at {high} of {actions} actions: {100 * high / actions:.2f} % (allowed: 2 %)")
    return all_hold and high <= 0.02 * actions


def _shares(modes: Counter[str]) -> str:
    actions = sum(modes[mode.name] for mode in Mode)
    told = "  ".join(f"{mode.name} {modes[mode.name]}" for mode in Mode)
    return f"{modes['executions']:>4} executions {actions:>5} actions  {told}"


def scalar_speed(length: int, actions: int = 20_000, rounds: int = 5) -> float:
    """Actions per second of processor time, texts of ``length`` characters, task text set; the best of some rounds."""
    random_ = random.Random(1)
    text = " ".join(random_.choices(WORDS, k=length // 3 + 2))[:length]
    made = [replace(healthy(random_, number), output=text, reasoning=text) for number in range(actions)]
    best = 0.0
    for _ in range(rounds):
        engine = Engine()
        engine.begin("agent", "session", TASK)
        started = process_time()
        for action in made:
            engine.step("agent", action)
        best = max(best, actions / (process_time() - started))
    return best


def speed() -> bool:
    """Throughput of one core; whether what was asked for is reached."""
    lengths = (100, 500, 1_000, 4_000)
    scalar = {length: scalar_speed(length) for length in lengths}
    print("Scalar engine, text signals on (reasoning and output of the length each)")
    for length, rate in scalar.items():
        print(f"  {length:>5} characters  {rate:>10,.0f} actions/s  {1e6 / rate:5.1f} µs")
    ratio = scalar[100] / scalar[4_000]
    print(f"  from 100 to 4,000 characters: {ratio:.2f} times slower (allowed: 3)")
    vector = vector_speed()
    return min(scalar.values()) >= 50_000 and ratio <= 3 and vector >= 5_000_000


def vector_speed() -> float:
    """Actions per second of the vectorised numeric core."""
    import numpy as np

    from soma.pressure.vector import trajectories

    random_ = np.random.default_rng(1)
    sessions, actions = 2_048, 500
    signals = random_.gamma(2.0, 0.1, (actions, 5, sessions))
    signals[:, 3:] = random_.normal(10.0, 1.0, (actions, 2, sessions))
    signals[:10, 1] = np.nan
    floors = np.where(random_.random((actions, sessions)) < 0.03, 0.5, 0.0)
    best = 0.0
    for _ in range(5):
        started = process_time()
        trajectories(signals, floors)
        best = max(best, sessions * actions / (process_time() - started))
    print(
        f"Vectorised numeric core: {best:>10,.0f} actions/s ({sessions:,} sessions of {actions} actions side by side)"
    )
    return best


def recorded(actions: int) -> Iterator[Action]:
    """A long session with calm and stormy stretches."""
    random_ = random.Random(7)
    makers = [healthy, *(make for make, _ in STORMS.values())]
    make: Callable[[random.Random, int], Action] = healthy
    for number in range(actions):
        if number % 50 == 0:
            make = healthy if random_.random() < 0.7 else random_.choice(makers)
        action = make(random_, number)
        yield replace(action, output=(action.output or "")[:60], reasoning=(action.reasoning or "")[:60])


ELSEWHERE = """
import platform, random, sys
from pathlib import Path
from soma.pressure import Engine
from soma.pressure.replay import recording as r
found = r.read(Path(sys.argv[1])); engine = found.engine(); trace = r.Trace()
for event in found.events():
    for _, reading in r.readings([event], engine):
        trace.add(reading)
    if trace.actions % 9973 == 0:
        engine = Engine.restore(engine.save())
print(trace.hexdigest(), platform.python_version())
"""


def resume(actions: int, pythons: Sequence[str] = ()) -> bool:
    """Replay a recording file at once, and in processes that stop at random points and hand on their saved state."""
    from soma.pressure import Configuration, Edge
    from soma.pressure.replay import recording as recordings

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.jsonl"
        header = recordings.Header(configuration=Configuration(), configuration_digest=Configuration().digest,
                                   agents=["a", "b"], graph=[Edge("a", "b", 0.8)])  # fmt: skip
        begins = [recordings.Begin(name, name, TASK) for name in ("a", "b")]
        steps = (recordings.Step("ab"[number % 2], action) for number, action in enumerate(recorded(actions)))
        with path.open("wb") as stream:
            stream.writelines(
                line + b"\n" for line in recordings.lines(recordings.Recording(header, chain(begins, steps)))
            )
        print(f"{actions:,} actions, {path.stat().st_size / 1e6:,.0f} MB")
        recording = recordings.read(path)
        engine, trace = recording.engine(), recordings.Trace()
        started = perf_counter()
        for _, reading in recordings.readings(recording.events(), engine):
            trace.add(reading)
        print(f"at once: {trace.hexdigest()} in {perf_counter() - started:.0f} s")
        stops = sorted(random.Random(actions).sample(range(1, actions), min(100, actions - 1)))
        recording, trace, at = recordings.read(path), recordings.Trace(), 0
        engine = recording.engine()
        same = True
        for event in recording.events():
            for _, reading in recordings.readings([event], engine):
                trace.add(reading)
                at += 1
            if stops and at == stops[0]:
                stops.pop(0)
                saved = engine.save()
                engine = Engine.restore(saved)
                same &= engine.save() == saved
        assert recording.end is not None
        print(f"stopped: {trace.hexdigest()}, states equal: {same}")
        same &= trace.hexdigest() == recording.end.trajectory
        others = [(python, seed) for python in (sys.executable, *pythons) for seed in ("0", "12345")]
        for python, seed in others:
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            done = subprocess.run(
                [python, "-c", ELSEWHERE, str(path)], env=environment, capture_output=True, text=True, check=False
            )
            told, version = [*done.stdout.split(), "failed", python][:2]
            print(f"Python {version}, hash seed {seed}: {told}{done.stderr[-300:]}")
            same &= told == recording.end.trajectory
    print("bit-identical" if same else "DIFFERENT")
    return same


def main() -> None:
    """Run one part; exit code 1 when it does not hold what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", choices=("storms", "speed", "resume"))
    parser.add_argument("--traces", type=Path, default=TRACES, help="folder of real traces")
    parser.add_argument("--actions", type=int, default=1_000_000, help="length of the recording for resume")
    parser.add_argument("--python", action="append", default=[], metavar="PYTHON",
                        help="another interpreter that can import soma, for resume; may be repeated")  # fmt: skip
    given = parser.parse_args()
    parts: dict[str, Callable[[], bool]] = {
        "storms": lambda: storms(given.traces),
        "speed": speed,
        "resume": lambda: resume(given.actions, given.python),
    }
    held = parts[given.part]()
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
