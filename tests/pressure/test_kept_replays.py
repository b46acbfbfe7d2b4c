"""Replays kept in the vault: each execution once, as the engine answers it, whatever happened to the vault before."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from soma import clock
from soma.config import BudgetSettings, Thresholds
from soma.pressure.engine import Configuration, Engine
from soma.pressure.patterns import PATTERNS, Finding, Pattern, Rulebook, Severity, Situation
from soma.pressure.replay.keep import engine_digest, keep
from soma.pressure.replay.outcome import END, HORIZONS, Seen, outcomes
from soma.pressure.replay.vault import each_execution
from soma.pressure.replay.watch import watch
from soma.schema import FIRING_OUTCOMES, FIRINGS, PRESSURE, VITALS
from soma.synthesizer.synthesize import synthesize
from soma.vault import VaultRoot
from soma.vault.check import check
from soma.vault.writer import Changes
from tests.harvest.vaults import harvest_into, listing, one

SETTINGS = Configuration()
VIEWS = ("pressure", "vitals", "firings", "firing_outcomes")


class Fails(Pattern):
    """Fires at every failed action: a pattern with firings in any trace."""

    name = "fails"
    version = 3
    priority = 1
    cooldown = 0
    healing = "read"

    def match(self, situation: Situation) -> Finding | None:
        if not situation.action.failed:
            return None
        return Finding(self.name, Severity.WARN, "an action failed", "Look at the error.", self.healing)


RULES: tuple[Pattern, ...] = (*PATTERNS, Fails())


def rows(vault: Path, view: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = VaultRoot(vault).snapshot().sql(f"SELECT * FROM {view} ORDER BY ALL").to_pylist()
    return found


def everything(vault: Path) -> dict[str, list[dict[str, Any]]]:
    return {view: rows(vault, view) for view in VIEWS}


def kept(vault: Path, **options: Any) -> int:
    return keep(VaultRoot(vault), SETTINGS, **{"patterns": RULES, **options}).executions


FOLDERS = ("codex", "swe-agent", "openclaw")


@pytest.fixture(scope="module")
def harvested(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of some shipped traces, nothing replayed yet. Not to be written to."""
    vault = tmp_path_factory.mktemp("harvested") / "vault"
    harvest_into(vault, *(fixtures / folder for folder in FOLDERS))
    return vault


@pytest.fixture(scope="module")
def made(harvested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, everything replayed at once. Not to be written to."""
    vault = tmp_path_factory.mktemp("kept") / "vault"
    shutil.copytree(harvested, vault)
    assert kept(vault) == one(vault, "SELECT count(*) FROM executions")
    return vault


@pytest.fixture
def fresh(harvested: Path, tmp_path: Path) -> Path:
    """A copy of the vault without replays."""
    shutil.copytree(harvested, tmp_path / "fresh")
    return tmp_path / "fresh"


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "vault")
    return tmp_path / "vault"


def test_what_is_kept_is_what_the_engine_answers(made: Path) -> None:
    snapshot = VaultRoot(made).snapshot()
    found = {row["decision_id"]: row for row in rows(made, "pressure")}
    vitals = {row["execution_id"]: row for row in rows(made, "vitals")}
    seen = 0
    for row, events in each_execution(snapshot):
        modes = []
        for number, (step, reading, watched) in enumerate(watch(events, Engine(SETTINGS), Rulebook(RULES))):
            assert step.decision_id is not None
            own = found[step.decision_id]
            assert (own["step"], own["pressure"], own["mode"]) == (number, reading.pressure, reading.mode.name)
            assert (tuple(own["signals"]), tuple(own["pressures"])) == (reading.signals, reading.pressures)
            assert (own["floor"], own["floor_reason"]) == (reading.floor, reading.floor_reason)
            assert own["patterns"] == list(watched.matching)
            modes.append((reading.mode.name, reading.pressure))
            seen += 1
        whole = vitals[row["execution_id"]]
        assert whole["peak_pressure"] == max((pressure for _, pressure in modes), default=0.0)
        counted = [whole[name] for name in ("observe", "guide", "warn", "block")]
        assert counted == [sum(mode == name for mode, _ in modes) for name in ("OBSERVE", "GUIDE", "WARN", "BLOCK")]
    assert seen == len(found) == one(made, "SELECT count(*) FROM decisions") > 100


def test_every_firing_has_its_outcomes_as_the_run_went_on(made: Path) -> None:
    fired = [row for row in rows(made, "firings") if row["pattern"] == "fails"]
    assert len(fired) == one(made, "SELECT count(*) FROM decisions WHERE outcome IN ('failed', 'timeout')") > 20
    assert {(row["source"], row["arm"], row["pattern_version"]) for row in fired} == {("replay", "shadow", 3)}
    later = {(row["firing_id"], row["horizon"]): row for row in rows(made, "firing_outcomes")}
    steps: dict[str, list[dict[str, Any]]] = {}
    for row in VaultRoot(made).snapshot().sql("SELECT * FROM decisions ORDER BY execution_id, step").to_pylist():
        steps.setdefault(row["execution_id"], []).append(row)
    for row in fired:
        rest = steps[row["execution_id"]][row["step"] + 1 :]
        for horizon in HORIZONS:
            outcome = later.get((row["firing_id"], horizon))
            assert (outcome is not None) == (len(rest) >= horizon)
            if outcome is not None:
                failed = any(step["outcome"] in ("failed", "timeout") for step in rest[:horizon])
                assert outcome["recovered"] == (not failed)
                assert outcome["followed"] == any(step["role"] == "read" for step in rest[:horizon])
        end = later[row["firing_id"], END]
        assert (end["recovered"] is None) == (not rest)


def test_a_second_replay_writes_nothing(vault: Path) -> None:
    before = listing(vault)
    assert kept(vault) == 0
    assert listing(vault) == before


@pytest.mark.parametrize("batch", [50, 200])
def test_batches_change_nothing(fresh: Path, made: Path, batch: int) -> None:
    kept(fresh, batch=batch)
    assert everything(fresh) == everything(made)
    assert check(VaultRoot(fresh).snapshot()).findings == []


def test_harvested_in_another_order_the_same_is_kept(tmp_path: Path, fixtures: Path, made: Path) -> None:
    vault = tmp_path / "vault"
    for folder in reversed(FOLDERS):
        harvest_into(vault, fixtures / folder)
        kept(vault)
    assert everything(vault) == everything(made)


def test_another_engine_replaces_what_the_first_kept(vault: Path) -> None:
    before = everything(vault)
    strict = Configuration(Thresholds(guide=0.05, warn=0.1, block=0.2), BudgetSettings(tokens=1000))
    done = keep(VaultRoot(vault), strict, patterns=RULES, batch=200)
    assert done.engine == engine_digest(strict, RULES) != engine_digest(SETTINGS, RULES)
    assert done.executions == len(before["vitals"])
    assert {row["engine"] for view in VIEWS[:3] for row in rows(vault, view)} == {done.engine}
    assert sum(row["block"] for row in rows(vault, "vitals")) > sum(row["block"] for row in before["vitals"])
    assert one(vault, "SELECT count(*) FROM pressure_stored") == len(before["pressure"])
    assert kept(vault, batch=200) == done.executions
    assert everything(vault) == before


def test_an_execution_that_grew_is_replayed_anew(tmp_path: Path, fixtures: Path) -> None:
    source = max((fixtures / "claude-code").rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    lines = source.read_bytes().splitlines(keepends=True)
    trace, vault = tmp_path / "traces" / source.name, tmp_path / "vault"
    trace.parent.mkdir()
    trace.write_bytes(b"".join(lines[: len(lines) // 2]))
    harvest_into(vault, trace.parent)
    kept(vault)
    first = everything(vault)
    trace.write_bytes(b"".join(lines))
    harvest_into(vault, trace.parent)
    # The old reading is not shown for the new one, nor are its firings.
    grown = {row["execution_id"] for row in first["vitals"]} - {row["execution_id"] for row in rows(vault, "vitals")}
    assert grown
    assert not grown & {row["execution_id"] for view in ("pressure", "firings") for row in rows(vault, view)}
    assert kept(vault) >= len(grown)
    assert len(rows(vault, "pressure")) == one(vault, "SELECT count(*) FROM decisions") > len(first["pressure"])
    scratch = tmp_path / "scratch"
    harvest_into(scratch, trace.parent)
    kept(scratch)
    assert everything(vault) == everything(scratch)
    for table in (PRESSURE, VITALS, FIRINGS, FIRING_OUTCOMES):
        assert one(vault, f"SELECT count(*) FROM {table.name}_stored") == len(rows(vault, table.name))


def test_rows_of_executions_that_are_gone_are_removed(vault: Path) -> None:
    gone = one(vault, "SELECT execution_id FROM firings ORDER BY execution_id")
    root = VaultRoot(vault)
    with root.writer() as writer:
        changes = Changes()
        from soma.schema import EXECUTIONS

        changes.add(EXECUTIONS, "execution_id", {gone}, EXECUTIONS.arrow().empty_table())
        writer.commit(changes, role="harvester")
    done = keep(root, SETTINGS, patterns=RULES)
    assert (done.executions, done.removed) == (0, 1)
    for table in (PRESSURE, VITALS, FIRINGS):
        assert one(vault, f"SELECT count(*) FROM {table.name}_stored WHERE execution_id = ?", gone) == 0
    left = "SELECT count(*) FROM firing_outcomes_stored WHERE firing_id NOT IN (SELECT firing_id FROM firings_stored)"
    assert one(vault, left) == 0


def live_firing(vault: Path, firing_id: str, execution_id: str, source: str) -> None:
    """A row as a hook leaves it."""
    row = {
        "firing_id": firing_id, "pattern": "fails", "pattern_version": 3, "agent_id": "a", "family": "a",
        "arm": "control", "source": source, "severity": "warn", "engine": "e", "pressure": 0.5, "what": "seen",
        "execution_id": execution_id,
    }  # fmt: skip
    with VaultRoot(vault).writer() as writer:
        changes = Changes()
        changes.add(FIRINGS, "firing_id", set(), pa.Table.from_pylist([row], schema=FIRINGS.arrow()))
        outcome = {"firing_id": firing_id, "horizon": 0, "success": True}
        changes.add(
            FIRING_OUTCOMES, "firing_id", set(), pa.Table.from_pylist([outcome], schema=FIRING_OUTCOMES.arrow())
        )
        writer.commit(changes, role="recorder")


def test_live_firings_are_left_alone_and_those_of_tests_never_shown(vault: Path) -> None:
    execution = one(vault, "SELECT execution_id FROM firings ORDER BY execution_id")
    live_firing(vault, "hook-1", execution, "hook")
    live_firing(vault, "test-1", execution, "test")
    assert keep(VaultRoot(vault), Configuration(Thresholds(warn=0.6)), patterns=RULES).executions > 0
    shown = {row["firing_id"] for row in rows(vault, "firings") if row["source"] != "replay"}
    assert shown == {"hook-1"}
    assert "test-1" not in {row["firing_id"] for row in rows(vault, "firing_outcomes")}
    assert one(vault, "SELECT count(*) FROM firings_stored WHERE firing_id = 'test-1'") == 1


def test_two_nights_at_once_keep_everything_once(fresh: Path, made: Path) -> None:
    # After its first batch each waits for the other, so that neither is done before the other has begun.
    both = threading.Barrier(2)

    def night(_: int) -> int:
        batches: list[int] = []

        def told(done: int, of: int) -> None:
            batches.append(done)
            if len(batches) == 1:
                both.wait(timeout=60)

        return kept(fresh, batch=100, told=told)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(night, range(2)))
    assert sum(done) == one(fresh, "SELECT count(*) FROM executions")
    assert check(VaultRoot(fresh).snapshot()).findings == []
    assert everything(fresh) == everything(made)


_SCRIPT = """
import sys
from soma.pressure.engine import Configuration
from soma.pressure.replay.keep import keep
from soma.vault import VaultRoot
from tests.pressure.test_kept_replays import RULES
keep(VaultRoot(sys.argv[1]), Configuration(), patterns=RULES, batch=40, told=lambda done, of: print(done, flush=True))
"""


@pytest.mark.parametrize("lines", [1, 3])
def test_kill_9_keeps_whole_batches_and_the_next_run_goes_on(fresh: Path, made: Path, lines: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", _SCRIPT, str(fresh)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    time.sleep(0.01 * lines)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert check(VaultRoot(fresh).snapshot()).findings == []
    partly = everything(fresh)
    assert 0 < len(partly["vitals"]) < one(fresh, "SELECT count(*) FROM executions")
    # Whole executions only: vitals, pressure and firings come together.
    counted = "SELECT execution_id FROM vitals WHERE observe + guide + warn + block > 0 ORDER BY ALL"
    of_pressure = "SELECT DISTINCT execution_id FROM pressure ORDER BY ALL"
    snapshot = VaultRoot(fresh).snapshot()
    assert snapshot.sql(counted).to_pylist() == snapshot.sql(of_pressure).to_pylist()
    assert kept(fresh) == one(fresh, "SELECT count(*) FROM executions") - len(partly["vitals"])
    assert everything(fresh) == everything(made)


def test_the_nightly_run_keeps_the_pressure_of_what_is_new(vault: Path, fixtures: Path) -> None:
    harvest_into(vault, fixtures / "generic" / "intercode" / "starchat")
    told: list[str] = []
    night = synthesize(VaultRoot(vault), now=clock.now(), told=told.append, replay=lambda root: kept(root.path))
    assert night.replayed == one(vault, "SELECT count(*) FROM executions WHERE agent_id = 'starchat'") > 0
    assert told[0] == "pressure"
    again = synthesize(VaultRoot(vault), now=clock.now(), replay=lambda root: kept(root.path))
    assert (again.replayed, again.nothing_new) == (0, True)
    # Another engine alone makes no job answer anew.
    other = synthesize(
        VaultRoot(vault),
        now=clock.now(),
        replay=lambda root: keep(root, Configuration(Thresholds(warn=0.6))).executions,
    )
    assert other.replayed > 0
    assert other.nothing_new


def test_peak_and_time_in_warn_stand_beside_every_execution(made: Path) -> None:
    frame = VaultRoot(made).snapshot().executions.collect()
    vitals = {row["execution_id"]: row for row in rows(made, "vitals")}
    assert frame.height == len(vitals)
    for row in frame.iter_rows(named=True):
        own = vitals[row["execution_id"]]
        assert (row["peak_pressure"], row["warn_ms"]) == (own["peak_pressure"], own["warn_ms"])


def seen(*marks: str) -> list[Seen]:
    """``x`` failed, ``m`` matches, ``r`` is a read."""
    return [Seen("read" if "r" in mark else "shell", "x" in mark, 0.1 * at, ("p",) if "m" in mark else ())
            for at, mark in enumerate(marks)]  # fmt: skip


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (["xm"], {END: (None, None, None)}),
        (["xm", "r"], {1: (True, True), END: (True, True)}),
        (["xm", "m"], {1: (False, False), END: (False, False)}),
        (["xm", "", "x"], {1: (True, False), END: (False, False)}),
        (["xm", "x", "", "", "", "r"], {1: (False, False), 5: (False, True), END: (False, True)}),
        (["xm", "r", "", "", "", "", "x"], {1: (True, True), 5: (True, True), END: (False, True)}),
    ],
)
def test_recovered_means_no_failure_until_then_and_no_match_after(
    run: Sequence[str], expected: dict[int, tuple[bool | None, ...]]
) -> None:
    found = {one.horizon: (one.recovered, one.followed) for one in outcomes(seen(*run), 0, "p", "read")}
    assert found == {horizon: value[:2] for horizon, value in expected.items()}
