"""How long do answers take on big vaults, and how does that grow? The table of targets, each step a process of its own.

Vaults are those of ``big_vault.py``. Of every step the processor seconds, the wall seconds and the peak memory of its
process; the nightly run also as a multiple of the processor time in which DuckDB scans the decisions with one window
function, in the same run. The pressure replay is no part of the nightly run here. With several sizes the last table
says how each step grows: processor time against the number of decisions, 1.0 is linear.

    python benchmarks/scale.py [--sizes 1000000 20000000] [--agent agent-00] [--memory 2GB] [--folder FOLDER]
                               [--only PART ...]

Parts are open, synthesis, briefing and answers. A folder keeps its vaults, so that answers can be asked again of one
that was synthesized before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from big_vault import Sizes, filled

from soma.vault import VaultRoot

_SCAN = """
from soma.vault import VaultRoot
import sys, time
vault = VaultRoot(sys.argv[1]).snapshot()
vault.rows("SELECT 1")
began = time.process_time()
vault.rows("SELECT count(before) FROM (SELECT lag(action) OVER (PARTITION BY execution_id ORDER BY step) AS before "
           "FROM decisions)")
print(time.process_time() - began)
"""
_OPEN = """
from soma.vault import VaultRoot
import sys
VaultRoot(sys.argv[1]).snapshot().rows("SELECT 1")
"""
_HELD = """
from soma.vault import VaultRoot
import sys
print(VaultRoot(sys.argv[1]).snapshot().rows("SELECT count(*) FROM decisions")[0][0])
"""
_SYNTHESIS = """
from soma.synthesizer.synthesize import synthesize
from soma.vault import VaultRoot
from soma.vault.memory import limit_memory
import os, sys
limit_memory(os.environ.get("SOMA_MEMORY"))
for job in synthesize(VaultRoot(sys.argv[1]), now=1_790_000_000_000_000).jobs:
    print(f"    {job.job:12} {job.seconds:8.2f} s wall")
"""
_PARTS = ("open", "synthesis", "briefing", "answers")


class Took(NamedTuple):
    """What a process took: processor and wall seconds, and the most memory it held, in MB."""

    processor: float
    wall: float
    memory: float

    def __str__(self) -> str:
        return f"{self.processor:9.2f} {self.wall:9.2f} {self.memory:8.0f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=[1_000_000])
    arguments.add_argument("--agent", default="agent-00", help="whose briefing: agent-00 has the most runs")
    arguments.add_argument("--memory", default="2GB")
    arguments.add_argument("--folder", type=Path, help="where vaults are kept from run to run")
    arguments.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS, metavar="PART")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tables = {size: _measured(size, given.folder or Path(scratch), given) for size in sorted(given.sizes)}
    small, big = min(tables), max(tables)
    if small != big:
        print(f"\ngrowth from {small:,} to {big:,} decisions, processor time (1.0 is linear; target 1.2)")
        for step, took in tables[small].items():
            if step in tables[big]:
                growth = tables[big][step].processor / took.processor / (big / small)
                print(f"  {step:34} {growth:6.2f}")


def _measured(size: int, folder: Path, given: argparse.Namespace) -> dict[str, Took]:
    vault = folder / f"vault-{size}"
    if not (vault / "vault.json").is_file():
        filled(VaultRoot(vault), Sizes(size, 1_000_000, 40, 200, 1))
    # In a process of its own: the memory of this one counts as that of those it starts.
    held = int(subprocess.run([sys.executable, "-c", _HELD, str(vault)], stdout=subprocess.PIPE, check=True).stdout)
    if held != size:
        raise SystemExit(f"{vault} holds {held:,} decisions: making it was cut off; remove it and run again")
    environment = {**os.environ, "SOMA_MEMORY": given.memory}
    print(f"\n{size:,} decisions{'':25} processor  wall s       MB")
    steps: dict[str, Took] = {}

    def step(name: str, *command: str, shown: bool = False) -> None:
        steps[name] = _took([sys.executable, *command], environment, shown=shown)
        print(f"  {name:34} {steps[name]}")

    briefing = ("-m", "soma.cli.main", "briefing", "--agent", given.agent, "--vault", str(vault))
    if "open" in given.only:
        step("help", "-m", "soma.cli.main", "--help")
        step("open the vault", "-c", _OPEN, str(vault))
        step("status", "-m", "soma.cli.main", "status", "--vault", str(vault))
    # Without opening and loading, which take longer than the scan of a small vault.
    scanned = float(
        subprocess.run([sys.executable, "-c", _SCAN, str(vault)], stdout=subprocess.PIPE, check=True).stdout
    )
    print(f"  {'scan with one window function':34} {scanned:9.2f}")
    if "synthesis" in given.only:
        step("synthesize", "-c", _SYNTHESIS, str(vault), shown=True)
        print(f"  {'synthesize, of the scan':34} {steps['synthesize'].processor / scanned:9.1f} x")
    if "briefing" in given.only:
        step("briefing", *briefing)
        step("briefing, again", *briefing)
    for name in ("signatures", "variants", "divergence") if "answers" in given.only else ():
        step(name, "-m", "soma.cli.main", name, "--vault", str(vault))
    return steps


def _took(command: list[str], environment: dict[str, str], *, shown: bool) -> Took:
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        told = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    if shown:
        sys.stdout.write(told.decode())
    return Took(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
