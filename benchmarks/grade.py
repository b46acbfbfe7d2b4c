"""What predicts failure on every corpus whose success is known, and does the learned aggregator beat plain baselines?

Each folder of traces is harvested into a vault of its own, the human-labelled sets (``attribution``) left out: they
hold failures only, and are not to be learned from. After 3, 5, 10 and 20 decisions, among the executions still running
then: the area under the ROC curve of the learned aggregator on tasks it was not fitted on, of the documented pressure, and of
the two plain baselines (which agent it is, by its rate on other tasks; the share of errors so far), all over the same
pairs, with differences and intervals that take tasks as units. Then what ``soma grade`` finds of single patterns.

Aim: better than both baselines by 0.05 after 5 and 10 decisions.

    python benchmarks/grade.py [--traces FOLDER] [--permuted N]

``--permuted N`` gives outcomes to executions at random, N times, and fits again: the areas must lie around 0.5.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from soma.api.readings import answered, pattern_names
from soma.harvester.harvest import Options, harvest
from soma.synthesizer.jobs import calibrate, grade
from soma.synthesizer.jobs.calibrate.compute import calibration_of
from soma.synthesizer.jobs.calibrate.model import Calibration, Cell
from soma.synthesizer.jobs.grade.model import Grades
from soma.synthesizer.stats import Clustered
from soma.vault import Snapshot, VaultRoot

ROOT = Path(__file__).resolve().parent.parent
TRACES = ROOT.parent / "shared" / "traces"
NOT_LEARNED_FROM = {"attribution", "counters"}
AIM = 0.05


def main() -> None:
    """Harvest, grade, calibrate, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--traces", type=Path, default=TRACES)
    parser.add_argument("--permuted", type=int, default=0, metavar="N")
    asked = parser.parse_args()
    folders = sorted(path for path in asked.traces.iterdir() if path.is_dir() and path.name not in NOT_LEARNED_FROM)
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            snapshot = harvested([folder], Path(scratch) / folder.name)
            if snapshot is not None:
                corpus(folder.name, snapshot, asked.permuted)
        whole = harvested(folders, Path(scratch) / "all together")
        if whole is not None:
            corpus("all together, in one vault", whole, 0)


def harvested(folders: Sequence[Path], vault: Path) -> Snapshot | None:
    """A vault of these folders; ``None`` where no execution of it has a known success."""
    root = VaultRoot(vault)
    harvest([str(folder) for folder in folders], root, Options(jobs=1))
    snapshot = root.snapshot()
    known = snapshot.sql("SELECT count(success) AS known FROM executions")["known"][0].as_py()
    return snapshot if known else None


def corpus(name: str, snapshot: Snapshot, permuted: int) -> None:
    """The tables of one corpus."""
    readings = answered(snapshot)
    graded = grade.run(snapshot, answered=readings, patterns=pattern_names())
    group = graded.groups[0]
    print(f"\n{name}: {group.failed} failed, {group.succeeded} succeeded, {group.tasks} tasks, {group.agents} agents")
    if not group.failed or not group.succeeded:
        print("  all ended alike: nothing to tell apart")
        return
    found = calibrate.run(snapshot, answered=readings, patterns=pattern_names())
    for cell in found.cells:
        told(cell)
    for note in found.notes:
        print(f"  {note}")
    signals(graded)
    if permuted and found.models:
        chance(snapshot, permuted)


def told(cell: Cell) -> None:
    """One line of areas, one of differences."""
    where = cell.framework or "all frameworks"
    print(f"  after {cell.after:>2}, {where}: {cell.failed} failed, {cell.succeeded} succeeded still running")
    print(
        f"    AUC learned {shown(cell.learned)} · pressure {shown(cell.blend)} · errors {shown(cell.errors)} "
        f"· agent {shown(cell.agent)}"
    )
    beaten = all(over.value >= AIM for over in (cell.over_agent, cell.over_errors))
    sure = all(over.interval is not None and over.interval.low > 0 for over in (cell.over_agent, cell.over_errors))
    aim = "reached" + ("" if sure else ", but an interval holds 0") if beaten else "not reached"
    print(
        f"    learned less agent {shown(cell.over_agent)}, less errors {shown(cell.over_errors)}, "
        f"less pressure {shown(cell.over_blend)}{' · used' if cell.used else ''} · aim {aim}"
    )


def signals(graded: Grades) -> None:
    """What is related to how executions end, by group."""
    for group in graded.groups:
        telling = [one for one in group.grades if one.kind != "baseline" and one.verdict == "signal"]
        names = ", ".join(f"{one.name} ({one.kind})" for one in telling)
        print(f"  {group.framework or 'all frameworks'}: {names or group.verdict}")


def chance(snapshot: Snapshot, many: int) -> None:
    """The areas when outcomes are dealt anew among the tasks of each framework, whole tasks at a time."""
    rows, traces = calibrate.read(snapshot, answered=answered(snapshot), patterns=pattern_names())
    areas: dict[tuple[int, str | None], list[float]] = defaultdict(list)
    for seed in range(many):
        dealt = random.Random(f"permuted {seed}")
        ends = {trace.execution_id: trace.failed for trace in traces}
        by_framework = defaultdict(list)
        for trace in traces:
            by_framework[trace.framework].append(trace.execution_id)
        for names in by_framework.values():
            own = [ends[name] for name in names]
            dealt.shuffle(own)
            ends.update(zip(names, own, strict=True))
        new_rows = {
            after: [msgspec.structs.replace(row, failed=ends[row.execution_id]) for row in own]
            for after, own in rows.items()
        }
        new_traces = [msgspec.structs.replace(trace, failed=ends[trace.execution_id]) for trace in traces]
        made: Calibration = calibration_of(new_rows, new_traces, pattern_names())
        for cell in made.cells:
            areas[cell.after, cell.framework].append(cell.learned.value)
    for (after, framework), values in areas.items():
        mean = sum(values) / len(values)
        print(
            f"  outcomes dealt at random {len(values)} times, after {after}, {framework or 'all'}: mean AUC {mean:.3f}"
        )


def shown(value: Clustered) -> str:
    """A figure with its interval."""
    if value.interval is None:
        return f"{value.value:.2f}"
    return f"{value.value:.2f} [{value.interval.low:.2f}, {value.interval.high:.2f}]"


if __name__ == "__main__":
    main()
