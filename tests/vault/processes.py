"""Harvests in processes of their own, to be raced, starved and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import sys
from soma.harvester import plan, pool, run
from soma.harvester.harvest import Options, harvest
from soma.vault import VaultRoot
plan._TASK_SOURCES = 6
run._COMMIT_BYTES = 1
pool._POOL_PAYS_BYTES = 1 if "--pool" in sys.argv else 1 << 60
paths = [argument for argument in sys.argv[2:] if argument != "--pool"]
if __name__ == "__main__":
    tell = lambda done: print(done.sources, flush=True)
    done = harvest(paths, VaultRoot(sys.argv[1]), Options(jobs=2), tell)
    print(done.vault_version, done.executions, flush=True)
"""


def start(script: Path, vault: Path, *paths: Path, pool: bool = False) -> subprocess.Popen[str]:
    """A harvest that commits after every six files and prints a line for each such portion.

    Its last line tells the version it left and how many executions it wrote.
    """
    file = script / "harvest_slowly.py"
    if not file.exists():
        file.write_text(_SCRIPT)
    arguments = [sys.executable, str(file), str(vault), *map(str, paths), *(["--pool"] if pool else [])]
    return subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=dict(os.environ),
    )


def kill(process: subprocess.Popen[str]) -> None:
    """End the process as a power cut would; what it started must notice by itself."""
    process.send_signal(signal.SIGKILL)
    process.communicate()
