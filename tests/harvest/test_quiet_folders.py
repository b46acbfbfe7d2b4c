"""A folder whose listing is as it was is not looked at source by source, and nothing is missed for that."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.harvester.discover import discover
from soma.harvester.shortlist import Shortlist
from soma.harvester.summary import Summary
from soma.vault import VaultRoot
from soma.vault.upkeep import compact

from .traces import append, session, touch, write
from .vaults import assert_like_scratch, harvest_into, listing, one

SIDE = "quiet"
TOKEN = "ghp_" + "x7Fq2LmZ9aRt4VbN8cKj1WdYs6HpEu3GoTi0"
Change = Callable[[Path, random.Random], None]


def looks(vault: Path, *paths: Path, **options: Any) -> Summary:
    """What a harvest would do, without the time it takes."""
    return msgspec.structs.replace(harvest_into(vault, *paths, dry_run=True, **options), seconds=0.0)


def assert_nothing_is_missed(vault: Path, *paths: Path, **options: Any) -> None:
    """What is kept of folders changes no answer."""
    side, away = vault / SIDE, vault.with_name("away")
    quick = looks(vault, *paths, **options)
    if side.exists():
        side.rename(away)
        assert looks(vault, *paths, **options) == quick
        away.rename(side)


def looked_at(monkeypatch: pytest.MonkeyPatch, vault: Path, *paths: Path) -> list[str]:
    """Names of the files that a harvest looks at one by one."""
    names: list[str] = []
    of = Shortlist.of

    def spied(self: Shortlist, discovery: Any) -> Iterator[Any]:
        for candidate, facts in of(self, discovery):
            names.append(Path(candidate.path).name)
            yield candidate, facts

    with monkeypatch.context() as patched:
        patched.setattr(Shortlist, "of", spied)
        harvest_into(vault, *paths)
    return sorted(names)


def folders_of_sessions(place: Path) -> Path:
    for folder in ("a", "b"):
        for number in range(2):
            write(place / folder / f"{folder}{number}.jsonl", session(f"{folder}{number}", 2))
    return place


def test_only_the_folder_that_changed_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, vault = folders_of_sessions(tmp_path / "t"), tmp_path / "vault"
    (folder / "b" / "notes.txt").write_text("nothing to see")
    harvest_into(vault, folder)
    written = listing(vault)
    assert looked_at(monkeypatch, vault, folder) == []
    assert looked_at(monkeypatch, vault, folder / "a", folder / "b" / "b0.jsonl") == ["b0.jsonl"]
    assert listing(vault) == written
    summary = harvest_into(vault, folder)
    assert (summary.sources.unchanged, [item.unchanged for item in summary.formats]) == (5, [4])
    assert any("1 unchanged" in warning for warning in summary.warnings)
    assert_nothing_is_missed(vault, folder)

    touch(folder / "a" / "a0.jsonl")
    assert looked_at(monkeypatch, vault, folder) == ["a0.jsonl", "a1.jsonl"]
    assert looked_at(monkeypatch, vault, folder) == []


def test_a_renamed_folder_is_another_one(tmp_path: Path) -> None:
    folder, vault = folders_of_sessions(tmp_path / "t"), tmp_path / "vault"
    harvest_into(vault, folder)
    (folder / "a").rename(folder / "c")
    summary = harvest_into(vault, folder)
    assert (summary.sources.new, summary.sources.unchanged) == (2, 2)
    (folder / "c").rename(folder / "a")
    assert harvest_into(vault, folder).sources.unchanged == 4


def test_the_order_of_a_listing_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, vault = folders_of_sessions(tmp_path / "t"), tmp_path / "vault"
    harvest_into(vault, folder)
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            with scandir(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("soma.harvester.discover.os.scandir", Backwards)
    assert looked_at(monkeypatch, vault, folder) == []


def test_what_is_kept_is_believed_only_of_this_ledger_and_this_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, vault = folders_of_sessions(tmp_path / "t"), tmp_path / "vault"
    harvest_into(vault, folder / "a")
    first = (vault / SIDE).read_bytes()
    harvest_into(vault, folder)
    for stale in (first, b"", b"\x81\xa1x", os.urandom(80)):
        (vault / SIDE).write_bytes(stale)
        assert len(looked_at(monkeypatch, vault, folder)) == 4
        assert (vault / SIDE).read_bytes() == stale, "nothing new, so nothing is written"
    write(folder / "b" / "new.jsonl", session("new", 1))
    harvest_into(vault, folder)
    assert looked_at(monkeypatch, vault, folder) == []
    assert harvest_into(vault, folder, emails=True).sources.changed == 5
    with VaultRoot(vault).writer() as writer:
        compact(writer)
    assert len(looked_at(monkeypatch, vault, folder)) == 5


def test_the_vault_keeps_no_name_of_a_folder(tmp_path: Path) -> None:
    folder, vault = folders_of_sessions(tmp_path / TOKEN), tmp_path / "vault"
    harvest_into(vault, folder)
    kept = (vault / SIDE).read_bytes()
    assert b"a0.jsonl" not in kept
    assert TOKEN.encode() not in kept
    assert (vault / SIDE).stat().st_mode & 0o077 == 0


def test_a_source_that_failed_is_read_again_every_time(tmp_path: Path) -> None:
    folder, vault = folders_of_sessions(tmp_path / "t"), tmp_path / "vault"
    (folder / "a" / "broken.jsonl").write_text("{]\n")
    for _ in range(3):
        summary = harvest_into(vault, folder, format="claude-code")
        assert summary.sources.failed == 1
        assert_nothing_is_missed(vault, folder, format="claude-code")
    assert summary.sources.unchanged == 4


def test_a_change_in_a_file_that_lies_elsewhere_is_noticed(tmp_path: Path, fixtures: Path) -> None:
    """OpenClaw keeps what a cron job is in the folder above its runs."""
    cron, vault = tmp_path / "cron", tmp_path / "vault"
    shutil.copytree(fixtures / "openclaw/run-2026.4.26/cron", cron)
    assert harvest_into(vault, cron / "runs").executions
    touch(cron / "jobs.json")
    jobs = (cron / "jobs.json").read_text()
    (cron / "jobs.json").write_text(jobs.replace('"name": "', '"name": "other '))
    assert harvest_into(vault, cron / "runs").executions
    assert_like_scratch(vault, cron / "runs")


@pytest.mark.parametrize("place", ["t", TOKEN])
def test_a_relative_in_a_quiet_folder_is_read_again_with_what_changed(tmp_path: Path, place: str) -> None:
    """Where the ledger holds the path with its secrets taken out, too."""
    folder, vault = tmp_path / place, tmp_path / "vault"
    history = [line.replace('"sessionId": "old"', '"sessionId": "fork"') for line in session("old", 3)]
    write(folder / "a" / "old.jsonl", session("old", 4))
    write(folder / "b" / "fork.jsonl", history)
    harvest_into(vault, folder)
    append(folder / "b" / "fork.jsonl", session("fork", 5, start=200)[1:])
    assert harvest_into(vault, folder).sources.unchanged == 1
    assert one(vault, "SELECT count(*) FROM executions") == 2
    assert_like_scratch(vault, folder)


def test_a_link_into_a_quiet_folder_is_the_file_it_leads_to(tmp_path: Path) -> None:
    folder, vault = folders_of_sessions(tmp_path / "t"), tmp_path / "vault"
    harvest_into(vault, folder)
    (folder / "link.jsonl").symlink_to(folder / "a" / "a0.jsonl")
    (folder / "b" / "link.jsonl").symlink_to(folder / "a" / "a1.jsonl")
    (folder / "other").symlink_to(folder / "b")
    assert harvest_into(vault, folder).sources.unchanged == 4
    outside = write(tmp_path / "outside.jsonl", session("outside", 1))
    (folder / "b" / "link.jsonl").unlink()
    (folder / "b" / "link.jsonl").symlink_to(outside)
    for new in (1, 0):
        assert harvest_into(vault, folder).sources.new == new
        assert_nothing_is_missed(vault, folder)


def test_a_file_of_a_year_no_ledger_can_hold_is_read(tmp_path: Path) -> None:
    path, vault = write(tmp_path / "t" / "s1.jsonl", session("s1", 1)), tmp_path / "vault"
    try:
        os.utime(path, (1 << 34, 1 << 34))
    except OSError:
        pytest.skip("this file system knows no such year")
    assert harvest_into(vault, path).sources.new == 1
    assert harvest_into(vault, path.parent).sources.unchanged == 1


def _grow(folder: Path, chance: random.Random) -> None:
    append(chance.choice(sorted(folder.glob("*.jsonl"))), ["\n"])


def _replace(folder: Path, chance: random.Random) -> None:
    """Other bytes, the same size and the same time: nobody can see that."""
    path = chance.choice(sorted(folder.glob("*.jsonl")))
    facts = path.stat()
    path.write_bytes(path.read_bytes().replace(b"himalaya", b"gmailctl"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _add(folder: Path, chance: random.Random) -> None:
    name = chance.choice(
        ["x.jsonl", "x.txt", "a0.jsonl.bak-1", "a0.jsonl-wal", "sessions.json", ".hidden.jsonl", "x.tmp"]
    )
    write(folder / name, session(f"n{chance.random()}", 1) if "json" in name else ["words"])


def _remove(folder: Path, chance: random.Random) -> None:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if len(files) > 1:
        chance.choice(files).unlink()


def _rename(folder: Path, chance: random.Random) -> None:
    path = chance.choice(sorted(folder.glob("*.jsonl")))
    path.rename(path.with_name(f"r{chance.random()}.jsonl"))


def _link(folder: Path, chance: random.Random) -> None:
    target = chance.choice([path for path in sorted(folder.parent.rglob("*")) if not path.is_symlink()])
    (folder / f"l{chance.random()}.jsonl").symlink_to(target)


def _empty(folder: Path, _: random.Random) -> None:
    (folder / "empty.jsonl").write_text("")


def _nest(folder: Path, _: random.Random) -> None:
    if not (folder / "in").exists():
        shutil.copytree(folder, folder / "in", symlinks=True)


CHANGES: list[Change] = [_grow, _replace, _add, _add, _remove, _rename, _link, _empty, _nest]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 30))
def test_whatever_happens_to_folders_quick_and_slow_say_the_same(seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder, vault = folders_of_sessions(Path(place) / "t"), Path(place) / "vault"
        harvest_into(vault, folder)
        for _ in range(4):
            for _ in range(chance.randrange(3)):
                chosen = folder / chance.choice("ab")
                if list(chosen.glob("*.jsonl")):
                    chance.choice(CHANGES)(chosen, chance)
            which = chance.choice([[folder], [folder / "a"], sorted(folder.glob("*/*")), [folder / "b", folder]])
            if which:
                assert_nothing_is_missed(vault, *which)
                harvest_into(vault, *which)
                assert_nothing_is_missed(vault, folder)


def test_files_are_found_once_however_they_are_named(tmp_path: Path) -> None:
    folder = folders_of_sessions(tmp_path / "t")
    (folder / "b" / "up").symlink_to(folder)
    (folder / "link.jsonl").symlink_to(folder / "a" / "a0.jsonl")
    named = [str(path) for path in (folder, folder / "b", folder / "a" / "a0.jsonl", folder / "link.jsonl")]
    plain = [str(folder / path) for path in ("a/a0.jsonl", "a/a1.jsonl", "b/b0.jsonl", "b/b1.jsonl")]
    for paths in (named, named[::-1], [f"{folder}/**/*"], [f"{folder}/b/up/a", str(folder)]):
        assert [candidate.path for candidate in discover(paths).candidates] == plain
    assert [path for path, _ in discover(named).passed_by] == [str(folder / "b" / "up")]
