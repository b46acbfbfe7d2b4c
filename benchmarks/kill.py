"""Does a vault survive ``kill -9``? Harvests, compactions and vacuums of one vault are killed at random instants.

    python benchmarks/kill.py [--kills 100] [--seed N] [--inside 0.75] [--traces FOLDER]

Every step has real work before it starts: a harvest new sessions and grown ones, a compaction several small files and
decisions nobody sees any more, a vacuum files that left their tables (its retention is none). What each step takes, and
when it first writes to the vault, is measured on undisturbed runs. Of the kills ``--inside`` are aimed between the
first write, which is watched, and the end, the others anywhere from the start to the end; a step that is done before
its kill comes is not counted and corrects the measure. Some harvests are killed while they make a vault, half of them
have worker processes, and every third kill is followed by another before anything was completed.

After every kill

- the vault opens and ``soma vault check`` finds nothing;
- nothing is half visible: each execution with its decisions, and each source with its quarantine rows, is either as it
  was before or as the completed run leaves it; compactions and vacuums change no row at all;
- the next run completes, and the check is clean again.

In the end the vault answers, view by view and row by row, what one made from scratch answers, and after a last vacuum
its folders hold no file that it does not need.

Prints the kills of each step, how many of them came after the first write, and what they left behind: a promise to keep
(``vault/promise.py``), decisions of a commit that did not happen, files of no commit. Exit code 1 when anything of this
does not hold. The seed decides steps, sources and aims; what the machine does at that instant it cannot decide.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from soma.harvester.harvest import Options, harvest
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, TABLES
from soma.vault import Snapshot, VaultRoot
from soma.vault.check import check_vault
from soma.vault.delta import LiveTable
from soma.vault.promise import last_promise
from soma.vault.upkeep import compact, vacuum

if TYPE_CHECKING:
    import pyarrow as pa

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
STEPS = ("harvest", "harvest", "compact", "vacuum")
VIEWS = ("executions", "decisions", "sources", "quarantine", "outcomes", "insights", "execution_totals", "paths")
ON_A_NEW_VAULT = 0.15
"""Share of the harvests that are killed while they make a vault."""
SMALL_HARVESTS = 3
"""Before a compaction."""
# Small portions: many commits, so that kills fall between them too.
CHILD = """
import sys, time
from soma.harvester import plan, pool, run
from soma.harvester.harvest import Options, harvest
from soma.vault import VaultRoot, Writer
from soma.vault.upkeep import compact, vacuum
import deltalake, duckdb, pyarrow.compute, pyarrow.parquet
step, vault, traces, workers = sys.argv[1:]
plan._TASK_SOURCES = 6
run._COMMIT_BYTES = 1
pool._POOL_PAYS_BYTES = 1 if workers == "workers" else 1 << 60
if __name__ == "__main__":
    print("ready", flush=True)
    if step == "harvest":
        harvest([traces], VaultRoot(vault), Options(jobs=2))
    else:
        with VaultRoot(vault).writer() as writer:
            compact(writer) if step == "compact" else vacuum(writer, retention_hours=0)
    print("done", flush=True)
"""


class Breach(Exception):
    """A promise of the vault that did not hold."""


class Run(NamedTuple):
    """A step in a process of its own: whether it was killed, its seconds to the first write and to the end."""

    killed: bool
    first_write: float | None
    end: float


class Held(NamedTuple):
    """What a vault shows: digests of each execution with its decisions, and of each source with its quarantine rows."""

    executions: dict[str, tuple[int, ...]]
    sources: dict[str, tuple[int, ...]]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments.add_argument("--inside", type=float, default=0.75, help="share aimed between first write and end")
    arguments.add_argument("--traces", type=Path, default=FIXTURES)
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOMA_HOME"] = str(Path(folder) / "home")
        trial = Trial(Path(folder), given.traces, random.Random(given.seed), given.inside)
        try:
            trial.run(given.kills)
        except Breach as breach:
            trial.tell()
            print(f"BREACH: {breach}", flush=True)
            return 1
    return 0


class Trial:
    """One vault and the processes that are killed over it."""

    def __init__(self, place: Path, fixtures: Path, chance: random.Random, inside: float) -> None:
        self.place, self.fixtures, self.chance, self.inside = place, fixtures, chance, inside
        self.traces, self.vault = place / "traces", VaultRoot(place / "vault")
        self.kills: collections.Counter[str] = collections.Counter()
        self.after_first_write: collections.Counter[str] = collections.Counter()
        self.left: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self.runs: dict[str, list[Run]] = collections.defaultdict(list)
        self.script = place / "child.py"
        self.script.write_text(CHILD)
        self.sessions = sorted(path for path in fixtures.rglob("*.jsonl") if b'"type":"session"' in head(path))
        self.rest: dict[Path, str] = {}
        self.grown = 0

    def run(self, kills: int) -> None:
        """All of it.

        Raises:
            Breach: if anything does not hold.
        """
        started = time.perf_counter()
        shutil.copytree(self.fixtures, self.traces)
        self.measure()
        while self.kills.total() < kills:
            step = self.chance.choice(STEPS)
            if step == "harvest" and self.chance.random() < ON_A_NEW_VAULT:
                self.round_on_a_new_vault()
            else:
                self.round(step)
        self.finish()
        self.tell()
        print(f"no breach; {time.perf_counter() - started:.0f} s")

    def measure(self) -> None:
        """Every step twice, undisturbed; the first harvest makes the vault."""
        self.note("new vault", self.start("harvest", self.vault, self.traces, "one"))
        for _ in range(2):
            for step in ("harvest", "compact", "vacuum"):
                self.give_work(step)
                self.note(step, self.start(step, self.vault, self.traces, "one"))
        for step in self.runs:
            first, end = self.usual(step)
            print(f"{step}: first write after {first * 1000:.0f} ms, done after {end * 1000:.0f} ms", flush=True)

    def note(self, step: str, run: Run) -> None:
        if run.first_write is None:
            raise Breach(f"an undisturbed {step} wrote nothing: it had no work")
        self.runs[step].append(run)

    def usual(self, step: str) -> tuple[float, float]:
        """Seconds to the first write and to the end, of the last undisturbed runs."""
        last = self.runs[step][-5:]
        return statistics.median(run.first_write or 0.0 for run in last), statistics.median(run.end for run in last)

    def round(self, step: str) -> None:
        """Work for a step, one kill or several, and the run that completes it."""
        self.give_work(step)
        before, seen = held(self.vault), []
        while True:
            files = files_of(self.vault)
            if not self.kill(step, step, self.vault, self.traces):
                break
            self.whole(self.vault, f"kill {self.kills.total()} ({step})")
            seen.append(held(self.vault))
            self.count(step, self.vault, files)
            if self.chance.random() < 2 / 3 or not self.has_work(step):
                break
        self.complete(step)
        after_kills = f"the {step} after kill {self.kills.total()}"
        self.whole(self.vault, after_kills)
        after = held(self.vault)
        for shown in seen:
            compare(step, before, shown, after)
        compare(step, before, after, after)
        if self.has_work(step):
            raise Breach(f"{after_kills} left work undone")

    def round_on_a_new_vault(self) -> None:
        vault = VaultRoot(self.place / "new")
        if self.kill("harvest", "new vault", vault, self.fixtures):
            if vault.exists:
                self.whole(vault, f"kill {self.kills.total()} (harvest into a new vault)")
            self.count("harvest", vault, set())
        harvest([str(self.fixtures)], vault, Options(jobs=2))
        self.whole(vault, f"the harvest into a new vault after kill {self.kills.total()}")
        self.same_as_scratch(vault, self.fixtures)
        shutil.rmtree(vault.path)

    def give_work(self, step: str) -> None:
        if step == "harvest":
            self.grow(8)
            return
        for _ in range(SMALL_HARVESTS):
            harvest([str(path) for path in self.grow(3)], self.vault, Options(jobs=1))
        if step == "vacuum":
            self.complete("compact")
        if not self.has_work(step):
            raise Breach(f"a {step} was given no work")

    def has_work(self, step: str) -> bool:
        """Whether the step would change the vault."""
        live = [LiveTable(self.vault.path, table) for table in TABLES]
        if step == "compact":
            return any(len(one.files()) > 1 for one in live)
        if step == "vacuum":
            return any((one.folder / name).is_file() for one in live for name in one.vacuum(0, dry_run=True))
        told = self.vault.snapshot().sql("SELECT path, size FROM sources").to_pydict()
        known = dict(zip(told["path"], told["size"], strict=True))
        there = [path for path in (self.traces / "grown").iterdir() if path.is_file()]
        return any(known.get(str(path.resolve())) != path.stat().st_size for path in there)

    def grow(self, many: int) -> list[Path]:
        """New sessions, cut somewhere, and the missing ends of the last ones; returns what changed."""
        changed = list(self.rest)
        for path, rest in self.rest.items():
            with path.open("a", encoding="utf-8") as stream:
                stream.write(rest)
        self.rest.clear()
        self.grown += 1
        (self.traces / "grown").mkdir(exist_ok=True)
        for number, path in enumerate(self.chance.sample(self.sessions, min(many, len(self.sessions)))):
            first, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            header = json.loads(first)
            header["id"] = f"{header['id']}-{self.grown}"
            for name in ("parentSession", "branchedFrom"):
                header.pop(name, None)
            cut = self.chance.randrange(len(lines) + 1)
            grown = self.traces / "grown" / f"{self.grown}-{number}.jsonl"
            grown.write_text(json.dumps(header) + "\n" + "".join(lines[:cut]), encoding="utf-8")
            self.rest[grown] = "".join(lines[cut:])
            changed.append(grown)
        return changed

    def kill(self, step: str, measured: str, vault: VaultRoot, traces: Path) -> bool:
        """Start the step and kill it; false when it was done before."""
        first, end = self.usual(measured)
        inside = self.chance.random() < self.inside
        part = self.chance.random()
        workers = self.chance.choice(("one", "workers")) if step == "harvest" else "one"
        run = self.start(step, vault, traces, workers, (inside, part * (end - first if inside else end)))
        if run.killed:
            self.kills[step] += 1
        elif run.first_write is not None and workers == "one":
            self.runs[measured].append(run)
        return run.killed

    def start(
        self, step: str, vault: VaultRoot, traces: Path, workers: str, aim: tuple[bool, float] | None = None
    ) -> Run:
        """Run a step and watch it.

        Args:
            step: Which.
            vault: Where.
            traces: What it harvests.
            workers: ``workers`` for a harvest in several processes.
            aim: When it is killed: so many seconds after the first write (true) or after its start (false).

        Raises:
            Breach: if it fails by itself.
        """
        command = [sys.executable, str(self.script), step, str(vault.path), str(traces), workers]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stdout is not None
        untouched = marks(vault)
        child.stdout.readline()
        started, first = time.perf_counter(), None
        while child.poll() is None:
            now = time.perf_counter() - started
            if first is None and marks(vault) != untouched:
                first = now
            counted_from = first if aim and aim[0] else 0.0
            if aim and counted_from is not None and now >= counted_from + aim[1]:
                child.send_signal(signal.SIGKILL)
                break
            time.sleep(0.0005)
        end = time.perf_counter() - started
        # Its end is the end of its workers too: they hold the same pipe.
        out, errors = child.communicate()
        killed = child.returncode == -signal.SIGKILL and "done" not in out
        if not killed and "done" not in out:
            raise Breach(f"the {step} failed:\n{errors}")
        return Run(killed, first, end)

    def count(self, step: str, vault: VaultRoot, before: set[Path]) -> None:
        """Write down what a kill left behind."""
        files = files_of(vault)
        self.after_first_write[step] += files != before
        self.left[step][", ".join(open_work(vault, files - before)) or "nothing to mend"] += 1
        print(f"\r{self.kills.total()} kills", end="", file=sys.stderr, flush=True)

    def whole(self, vault: VaultRoot, when: str) -> None:
        findings = check_vault(vault).findings
        if findings:
            raise Breach(f"{when}: {findings}")
        half = vault.snapshot().sql(
            "SELECT e.execution_id FROM executions AS e LEFT JOIN decisions AS d ON d.execution_id = e.execution_id "
            "GROUP BY e.execution_id, e.decisions HAVING e.decisions <> count(d.decision_id)"
        )
        if half.num_rows:
            raise Breach(f"{when}: half visible: {half.to_pylist()}")
        alone = vault.snapshot().sql(
            "SELECT DISTINCT execution_id FROM decisions ANTI JOIN executions USING (execution_id) ORDER BY ALL"
        )
        if alone.num_rows:
            raise Breach(f"{when}: decisions of executions that are not there: {alone.to_pylist()}")

    def complete(self, step: str) -> None:
        if step == "harvest":
            harvest([str(self.traces)], self.vault, Options(jobs=2))
            return
        with self.vault.writer() as writer:
            if step == "compact":
                compact(writer)
            else:
                vacuum(writer, retention_hours=0)

    def finish(self) -> None:
        """The last runs, and the comparison with a vault from scratch."""
        for step in ("harvest", "compact", "vacuum"):
            self.complete(step)
        self.whole(self.vault, "the last runs")
        self.same_as_scratch(self.vault, self.traces)
        needed = {path for table in TABLES for path in map(Path, LiveTable(self.vault.path, table).paths())}
        extra = {path for path in files_of(self.vault) if path.suffix == ".parquet" and not is_log(path)} - needed
        if extra:
            raise Breach(f"files nobody needs: {sorted(extra)}")

    def same_as_scratch(self, vault: VaultRoot, traces: Path) -> None:
        scratch = VaultRoot(self.place / "scratch")
        harvest([str(traces)], scratch, Options(jobs=2))
        mine, new = contents(vault.snapshot()), contents(scratch.snapshot())
        shutil.rmtree(scratch.path)
        for view in VIEWS:
            if mine[view] != new[view]:
                raise Breach(f"{view} differ from a new vault's: {sorted(set(mine[view]) ^ set(new[view]))[:4]}")

    def tell(self) -> None:
        print(file=sys.stderr)
        for step, many in sorted(self.kills.items()):
            left = ", ".join(f"{count} × {what}" for what, count in sorted(self.left[step].items()))
            print(f"{step}: {many} kills, {self.after_first_write[step]} after the first write; left behind: {left}")
        every = self.kills.total()
        print(f"all: {every} kills, {self.after_first_write.total()} after the first write")
        snapshot = self.vault.snapshot()
        counts = {view: snapshot.sql(f"SELECT count(*) FROM {view}").column(0)[0].as_py() for view in VIEWS[:3]}
        shown = ", ".join(f"{many:,} {view}" for view, many in counts.items())
        unfinished = sum(is_log(path) and path.suffix not in {".json", ".parquet"} for path in files_of(self.vault))
        print(f"vault: {shown}, version {snapshot.version}; {unfinished} unfinished files in its logs")


def compare(step: str, before: Held, shown: Held, after: Held) -> None:
    """Every execution and every source is as it was or as it will be.

    Raises:
        Breach: if one is something else, or a step that may change no row did.
    """
    if step != "harvest" and shown != before:
        raise Breach(f"a {step} changed rows")
    for was, now, will in zip(before, shown, after, strict=True):
        lost = was.keys() - now.keys()
        if lost:
            raise Breach(f"lost in a {step}: {sorted(lost)}")
        for name, found in now.items():
            if found not in (was.get(name), will.get(name)):
                raise Breach(f"{name} is neither as before the {step} nor as after it")


def open_work(vault: VaultRoot, new: Iterable[Path]) -> Iterator[str]:
    """What the next runs have to mend."""
    if not vault.exists:
        yield "no vault yet"
        return
    executions = LiveTable(vault.path, EXECUTIONS)
    if LiveTable(vault.path, DECISIONS).metadata().get("version", 0) > executions.transaction():
        yield "decisions of a commit that did not happen"
    tables = {name: LiveTable(vault.path, table) for name, table in BY_NAME.items()}
    promised = last_promise(executions).open_for(tables)
    if promised:
        yield "a promise to keep"
    known = {live.folder / name for live in tables.values() for name in live.files()}
    known |= {tables[name].folder / item.name for name, change in promised.items() for item in change.add}
    if any(path.suffix == ".parquet" and not is_log(path) and path not in known for path in new):
        yield "files of no commit"


def marks(vault: VaultRoot) -> list[int]:
    """When names came or went in the folders of the vault: everything soma writes is a new file or a renamed one."""
    found = []
    for folder in _folders(vault):
        try:
            found.append(os.stat(folder).st_mtime_ns)
        except FileNotFoundError:
            found.append(0)
    return found


def _folders(vault: VaultRoot) -> Iterator[Path]:
    yield vault.path
    for table in TABLES:
        yield vault.path / table.path
        yield vault.path / table.path / "_delta_log"


def files_of(vault: VaultRoot) -> set[Path]:
    return {path for path in vault.path.rglob("*") if path.is_file()}


def is_log(path: Path) -> bool:
    return path.parent.name == "_delta_log"


def held(vault: VaultRoot) -> Held:
    snapshot = vault.snapshot()
    executions = snapshot.sql(
        "SELECT e.execution_id AS id, any_value(hash(e)) AS own, count(d.decision_id) AS decisions, "
        "coalesce(CAST(sum(hash(d)) AS VARCHAR), '') AS rows FROM executions AS e "
        "LEFT JOIN decisions AS d ON d.execution_id = e.execution_id GROUP BY e.execution_id ORDER BY e.execution_id"
    )
    sources = snapshot.sql(
        "SELECT s.source_id AS id, any_value(hash(s)) AS own, count(q.source_id) AS quarantined, "
        "coalesce(CAST(sum(hash(q)) AS VARCHAR), '') AS rows FROM sources AS s "
        "LEFT JOIN quarantine AS q ON q.source_id = s.source_id GROUP BY s.source_id ORDER BY s.source_id"
    )
    return Held(keyed(executions), keyed(sources))


def keyed(rows: pa.Table) -> dict[str, tuple[int, ...]]:
    return {row[0]: row[1:] for row in zip(*rows.to_pydict().values(), strict=True)}


def head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(400)


def contents(snapshot: Snapshot) -> dict[str, list[str]]:
    rows = {view: snapshot.sql(f"SELECT * FROM {view}").to_pylist() for view in VIEWS}
    return {view: sorted(repr(sorted(row.items())) for row in found) for view, found in rows.items()}


if __name__ == "__main__":
    sys.exit(main())
