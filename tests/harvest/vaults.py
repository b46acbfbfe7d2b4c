"""Vaults in tests: harvest into one, look at everything it answers, compare it with one built from scratch."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.contract import Adapter
from soma.harvester.harvest import Options, harvest
from soma.harvester.summary import Summary
from soma.vault import VaultRoot
from soma.vault.check import check
from tests.conftest import ROOT

VIEWS = ("executions", "decisions", "sources", "quarantine", "outcomes", "insights", "execution_totals")


def harvest_into(vault: str | Path, *paths: Path, jobs: int = 1, **options: Any) -> Summary:
    """Harvest in this process, or in a pool when a test lowers the size that pays for one."""
    return harvest([str(path) for path in paths], VaultRoot(vault), Options(jobs=jobs, **options))


def contents(vault: str | Path, *, without: Iterable[str] = ()) -> dict[str, list[str]]:
    """Every row of every view with all its visible columns, in an order of its own."""
    snapshot = VaultRoot(vault).snapshot()
    out = {}
    for view in VIEWS:
        if view not in without:
            rows = snapshot.sql(f"SELECT * FROM {view}").to_pylist()
            out[view] = sorted(repr(sorted(row.items())) for row in rows)
    return out


def assert_whole(vault: Path) -> None:
    findings = check(VaultRoot(vault).snapshot()).findings
    assert findings == []


_SEEN: dict[tuple[object, ...], dict[str, list[str]]] = {}


def _contents_of_what_stays(vault: Path) -> dict[str, list[str]]:
    """The contents of a vault that many are compared with, looked at once as long as its files are the same."""
    files = [(path, path.stat().st_mtime_ns) for path in sorted(vault.rglob("*")) if path.is_file()]
    key = (os.environ["SOMA_HOME"], vault, *files)
    if key not in _SEEN:
        _SEEN[key] = contents(vault)
    return _SEEN[key]


def assert_same(vault: Path, other: Path, *, without: Iterable[str] = ()) -> None:
    mine, theirs = contents(vault, without=without), _contents_of_what_stays(other)
    for view, rows in mine.items():
        assert rows == theirs[view], f"{view} differ"


def assert_like_scratch(vault: Path, *paths: Path, without: Iterable[str] = ()) -> None:
    """The vault is whole and answers what a new vault of the same files answers."""
    scratch = vault.with_name(f"{vault.name}-scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    harvest_into(scratch, *paths)
    assert_whole(vault)
    assert_same(vault, scratch, without=without)


def listing(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Every file and folder: mode, size, time of its last change, digest of its bytes."""
    out = {}
    for path in sorted(folder.rglob("*")):
        facts = path.stat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        out[str(path.relative_to(folder))] = (facts.st_mode, facts.st_size, facts.st_mtime_ns, digest)
    return out


def vault_of_all(folders: pytest.TempPathFactory) -> Path:
    """All shipped traces in one vault, harvested at once by one process. Not to be written to."""
    vault = folders.getbasetemp() / "at-once" / "vault"
    if vault.exists():
        return vault
    with pytest.MonkeyPatch.context() as patched:
        # Where all tests keep their key: digests depend on it.
        patched.setenv("SOMA_HOME", str(folders.getbasetemp() / "home"))
        harvest_into(vault, ROOT / "fixtures")
    return vault


def one(vault: str | Path, query: str, *parameters: object) -> Any:
    """The first column of the first row."""
    return VaultRoot(vault).snapshot().sql(query, parameters).column(0)[0].as_py()


def column(vault: str | Path, query: str, *parameters: object) -> list[Any]:
    """The first column."""
    values: list[Any] = VaultRoot(vault).snapshot().sql(query, parameters).column(0).to_pylist()
    return values


def use_adapters(monkeypatch: pytest.MonkeyPatch, found: tuple[Adapter, ...]) -> None:
    """Let ``found`` be all adapters there are, wherever a harvest asks for them."""
    for module in ("harvester.recognise", "harvester.work", "harvester.run", "harvester.tally", "adapters.registry"):
        monkeypatch.setattr(f"soma.{module}.adapters", lambda: found)
