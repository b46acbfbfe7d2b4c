"""The report and its page are the same to the byte, whatever hash seed, time zone and number of threads made them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from soma import codec
from soma.identity import digest

from .conftest import Nights

# DuckDB takes its number of threads from nobody's environment: every connection is told as it is made.
MAKE = """
import sys, duckdb
connect = duckdb.connect
def told(*given, **more):
    made = connect(*given, **more)
    made.execute("SET threads = " + str(THREADS))
    return made
duckdb.connect = told
sys.argv = ["soma", *ARGUMENTS]
from soma.cli.main import main
main()
"""


def start(nights: Nights, out: Path, seed: str, zone: str, threads: int) -> subprocess.Popen[bytes]:
    arguments = ["report", "--vault", str(nights.vault), "--out", str(out / "r.json"), "--html", str(out / "r.html"),
                 "--diff", str(nights.before)]  # fmt: skip
    out.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "SOMA_NOW": "2026-11-29T03:00:00Z"}
    code = MAKE.replace("str(THREADS)", repr(str(threads))).replace("ARGUMENTS", repr(arguments))
    return subprocess.Popen([sys.executable, "-c", code], cwd=nights.folder, env=environment,
                            stdout=subprocess.DEVNULL)  # fmt: skip


def test_two_reports_are_equal_but_for_the_instant(nights: Nights, tmp_path: Path) -> None:
    made = [
        (tmp_path / f"made{number}", start(nights, tmp_path / f"made{number}", *how))
        for number, how in enumerate((("1", "UTC", 1), ("4242", "Asia/Kathmandu", 8)))
    ]
    for _, process in made:
        assert process.wait(timeout=300) == 0
    for name in ("r.json", "r.html"):
        assert len({(folder / name).read_bytes() for folder, _ in made}) == 1
    # And they are what the night itself wrote, but for the name of the earlier file, which nobody tells.
    assert codec.decode((made[0][0] / "r.json").read_bytes()) == nights.report


def test_a_page_may_be_read_by_its_owner_only(nights: Nights) -> None:
    assert (nights.folder / "soma-report.html").stat().st_mode & 0o077 == 0


def test_the_report_carries_its_own_digest(nights: Nights) -> None:
    # Decoding into the same order of keys and encoding again gives the canonical form back.
    report = msgspec.json.decode(codec.encode(nights.report))
    told = report["digests"]["report"]
    for name in ("generatedAt", "generated", "digests"):
        del report[name]
    assert digest(codec.encode(report), size=16) == told
    report["agents"][0]["failures"] += 1
    assert digest(codec.encode(report), size=16) != told
