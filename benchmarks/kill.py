"""Does a vault survive ``kill -9``? Harvests, compactions and vacuums of one vault are killed at random instants.

After every kill the vault has to open, show nothing half (each execution with as many decisions as it says, none lost
that was there before) and pass ``soma vault check``; the next run has to complete, and to leave a vault that passes
too. In the end the vault has to answer what one made from scratch answers.

    python benchmarks/kill.py [--kills 100] [--seed N] [--traces FOLDER]
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from soma.harvester.harvest import Options, harvest
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS
from soma.vault import Snapshot, VaultRoot
from soma.vault.check import check_vault
from soma.vault.delta import LiveTable
from soma.vault.promise import last_promise
from soma.vault.upkeep import compact, vacuum

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
STEPS = ("harvest", "harvest", "compact", "vacuum")
VIEWS = ("executions", "decisions", "sources", "quarantine", "insights", "execution_totals")
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
    started = time.perf_counter()
    if step == "harvest":
        harvest([traces], VaultRoot(vault), Options(jobs=2))
    else:
        with VaultRoot(vault).writer() as writer:
            compact(writer) if step == "compact" else vacuum(writer, retention_hours=0)
    print("done", time.perf_counter() - started, flush=True)
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments.add_argument("--traces", type=Path, default=FIXTURES)
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOMA_HOME"] = str(Path(folder) / "home")
        Trial(Path(folder), given.traces, random.Random(given.seed)).run(given.kills)


class Trial:
    """One vault and the processes that are killed over it."""

    def __init__(self, place: Path, fixtures: Path, chance: random.Random) -> None:
        self.place, self.chance = place, chance
        self.traces, self.vault = place / "traces", VaultRoot(place / "vault")
        self.kills: collections.Counter[str] = collections.Counter()
        self.left: collections.Counter[str] = collections.Counter()
        self.hit: collections.Counter[str] = collections.Counter()
        # Seconds an undisturbed step takes, as measured on those that were done before their kill came.
        self.took = {"harvest": 3.0, "compact": 1.0, "vacuum": 1.0}
        shutil.copytree(fixtures, self.traces)
        self.sessions = sorted(path for path in fixtures.rglob("*.jsonl") if b'"type":"session"' in head(path))
        self.script = place / "child.py"
        self.script.write_text(CHILD)
        self.rest: dict[Path, str] = {}
        self.round = 0

    def run(self, kills: int) -> None:
        started = time.perf_counter()
        while self.kills.total() < kills:
            self.round += 1
            step = self.chance.choice(STEPS) if self.vault.exists else "harvest"
            if step == "harvest" and self.round > 1:
                self.grow()
            before, files = executions(self.vault), files_of(self.vault)
            if not self.kill(step):
                continue
            self.kills[step] += 1
            self.hit[step] += files_of(self.vault) != files
            self.look(f"kill {self.kills.total()} ({step})", before)
            # Every third time the next kill comes before anything was completed.
            if self.chance.random() < 2 / 3:
                self.complete(step)
                self.look(f"the run after kill {self.kills.total()} ({step})", before)
        self.complete("harvest")
        self.look("the last run", set())
        scratch = VaultRoot(self.place / "scratch")
        harvest([str(self.traces)], scratch, Options(jobs=2))
        mine, new = contents(self.vault.snapshot()), contents(scratch.snapshot())
        for view in VIEWS:
            assert mine[view] == new[view], f"{view}: {set(mine[view]) ^ set(new[view])}"
        shown = ", ".join(
            f"{many} {step}, {self.hit[step]} of them after it wrote" for step, many in sorted(self.kills.items())
        )
        left = ", ".join(f"{many} {what}" for what, many in sorted(self.left.items()))
        snapshot = self.vault.snapshot()
        counts = [int(snapshot.sql(f"SELECT count(*) FROM {view}").column(0)[0].as_py()) for view in VIEWS[:3]]
        print(
            f"{self.kills.total()} kills ({shown}); left behind: {left}; every time the vault opened, nothing was half "
            f"visible, the next run completed and the check was clean; in the end equal to a vault from scratch: "
            f"{counts[0]:,} executions, {counts[1]:,} decisions, {counts[2]:,} sources, version {snapshot.version}; "
            f"{time.perf_counter() - started:.0f} s"
        )

    def grow(self) -> None:
        """New sessions, some of them half, and the other halves of earlier ones."""
        for path, rest in self.rest.items():
            with path.open("a", encoding="utf-8") as stream:
                stream.write(rest)
        self.rest.clear()
        (self.traces / "grown").mkdir(exist_ok=True)
        for number, path in enumerate(self.chance.sample(self.sessions, min(8, len(self.sessions)))):
            first, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            header = json.loads(first)
            header["id"] = f"{header['id']}-{self.round}"
            for name in ("parentSession", "branchedFrom"):
                header.pop(name, None)
            cut = self.chance.randrange(len(lines) + 1)
            grown = self.traces / "grown" / f"{self.round}-{number}.jsonl"
            grown.write_text(json.dumps(header) + "\n" + "".join(lines[:cut]), encoding="utf-8")
            self.rest[grown] = "".join(lines[cut:])

    def kill(self, step: str) -> bool:
        """Start the step and kill it; false when it was done before."""
        workers = self.chance.choice(("one", "workers"))
        command = [sys.executable, str(self.script), step, str(self.vault.path), str(self.traces), workers]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        # A little longer than it takes: those that are done in time tell how long that is now.
        time.sleep(self.chance.random() * 1.25 * self.took[step])
        child.send_signal(signal.SIGKILL)
        out, errors = child.communicate()
        if child.returncode == -signal.SIGKILL and "done" not in out:
            return True
        assert "done" in out, f"the {step} failed:\n{errors}"
        self.took[step] = float(out.split()[-1])
        return False

    def look(self, when: str, before: set[str]) -> None:
        """The vault opens, is whole, and holds what it held."""
        if not self.vault.exists:
            self.left["no vault yet"] += 1
            return
        findings = check_vault(self.vault).findings
        assert not findings, f"{when}: {findings}"
        snapshot = self.vault.snapshot()
        half = snapshot.sql(
            "SELECT e.execution_id FROM executions AS e LEFT JOIN decisions AS d ON d.execution_id = e.execution_id "
            "GROUP BY e.execution_id, e.decisions HAVING e.decisions <> count(d.decision_id)"
        )
        assert half.num_rows == 0, f"{when}: half visible: {half.to_pylist()}"
        lost = before - executions(self.vault)
        assert not lost, f"{when}: lost {sorted(lost)}"
        if when.startswith("kill"):
            self.left[self.open_work()] += 1

    def open_work(self) -> str:
        """What the next writer has to do before its own work."""
        here = self.vault.path
        done = LiveTable(here, EXECUTIONS)
        if LiveTable(here, DECISIONS).metadata().get("version", 0) > done.transaction():
            return "decisions of a commit that did not happen"
        promise = last_promise(done)
        tables = {name: LiveTable(here, table) for name, table in BY_NAME.items()}
        return "a promise to keep" if promise.open_for(tables) else "nothing to mend"

    def complete(self, step: str) -> None:
        if step == "harvest" or not self.vault.exists:
            harvest([str(self.traces)], self.vault, Options(jobs=2))
            return
        with self.vault.writer() as writer:
            if step == "compact":
                compact(writer)
            else:
                vacuum(writer, retention_hours=0)


def head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(400)


def files_of(vault: VaultRoot) -> set[str]:
    return {str(path) for path in vault.path.rglob("*") if path.is_file()}


def executions(vault: VaultRoot) -> set[str]:
    if not vault.exists:
        return set()
    return set(vault.snapshot().read(EXECUTIONS, ["execution_id"])["execution_id"].to_pylist())


def contents(snapshot: Snapshot) -> dict[str, list[str]]:
    rows = {view: snapshot.sql(f"SELECT * FROM {view}").to_pylist() for view in VIEWS}
    return {view: sorted(repr(sorted(row.items())) for row in found) for view, found in rows.items()}


if __name__ == "__main__":
    main()
