"""A commit is seen whole or not at all: by readers at every instant, and after a writer died at any of its steps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from soma.config import personal_key
from soma.vault import Snapshot, VaultRoot
from soma.vault import writer as writing
from soma.vault.check import check
from soma.vault.delta import LiveTable
from soma.vault.fragment import write_fragment
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import VIEWS, assert_like_scratch, assert_whole, contents, harvest_into, listing, one


class Killed(BaseException):
    """Stands for the end of the process."""


def _seen(snapshot: Snapshot) -> dict[str, list[str]]:
    return {view: sorted(map(repr, snapshot.sql(f"SELECT * FROM {view}").to_pylist())) for view in VIEWS}


class Prepared(NamedTuple):
    """A folder of traces with the vault they had once, a copy of it, and what a new vault of these traces answers."""

    place: Path
    copy: Path
    scratch: dict[str, list[str]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Prepared:
    """A vault of a folder that has changed since in every way there is: all tables will be written to."""
    base = tmp_path_factory.mktemp("grown")
    folder = base / "place" / "t"
    write(folder / "s1.jsonl", session("s1", 2))
    write(folder / "s2.jsonl", session("s2", 2))
    write(folder / "bad.jsonl", [*session("bad", 1), '{"type": "user", \n'])
    write(folder / "log.jsonl", [(fixtures / "agentflow/forms/run-log.jsonl").read_text()])
    with pytest.MonkeyPatch.context() as patched:
        # Where all tests keep their key: digests depend on it.
        patched.setenv("SOMA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        harvest_into(base / "place" / "vault", folder)
        append(folder / "s1.jsonl", session("s1", 4)[5:])
        append(folder / "bad.jsonl", ['{"type": "user", \n'])
        append(folder / "log.jsonl", ["\n"])
        write(folder / "s3.jsonl", session("s3", 1))
        write(folder / "copy.jsonl", session("s2", 3))
        harvest_into(base / "scratch", folder)
        return Prepared(base / "place", shutil.copytree(base / "place", base / "copy"), contents(base / "scratch"))


@pytest.fixture
def grown(prepared: Prepared) -> Path:
    """That vault, to be written to."""
    shutil.rmtree(prepared.place)
    # With the times of the files: the ledger knows the sources by them.
    shutil.copytree(prepared.copy, prepared.place)
    return prepared.place / "vault"


def _assert_like_new(vault: Path, prepared: Prepared) -> None:
    """Whole, and equal to a new vault of the same traces."""
    assert_whole(vault)
    assert contents(vault) == prepared.scratch


def _at_every_commit(monkeypatch: pytest.MonkeyPatch, do: Callable[[str], None]) -> None:
    original = LiveTable.commit

    def commit(self: LiveTable, *arguments: Any, **named: Any) -> LiveTable:
        do(f"before {self.table.name}")
        done = original(self, *arguments, **named)
        do(f"after {self.table.name}")
        return done

    monkeypatch.setattr(LiveTable, "commit", commit)


def test_a_reader_that_was_there_before_sees_the_old_rows(grown: Path) -> None:
    snapshot = VaultRoot(grown).snapshot()
    lazy = snapshot.decisions
    before = contents(grown)
    harvest_into(grown, grown.parent / "t")
    assert contents(grown) != before
    assert lazy.collect().height == len(before["decisions"])
    assert {view: sorted(repr(sorted(row.items())) for row in snapshot.sql(f"SELECT * FROM {view}").to_pylist())
            for view in VIEWS} == before  # fmt: skip
    assert snapshot.version == 1


def test_readers_at_every_step_see_all_or_nothing(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, dict[str, list[str]], int]] = []

    def look(step: str) -> None:
        snapshot = VaultRoot(grown).snapshot()
        assert check(snapshot).findings == [], step
        seen.append((step, _seen(snapshot), snapshot.version))

    before = _seen(VaultRoot(grown).snapshot())
    with monkeypatch.context() as patched:
        _at_every_commit(patched, look)
        harvest_into(grown, grown.parent / "t")
    after = _seen(VaultRoot(grown).snapshot())

    steps = [step for step, _, _ in seen]
    assert steps[:4] == ["before decisions", "after decisions", "before executions", "after executions"]
    assert {"after sources", "after quarantine", "after insights"} <= set(steps)
    for step, rows, version in seen:
        committed = steps.index(step) >= steps.index("after executions")
        assert rows == (after if committed else before), step
        assert version == (2 if committed else 1), step


@pytest.mark.parametrize(("when", "call"), [("before", 1), *(("after", call) for call in range(1, 6))])
@pytest.mark.parametrize("first", [False, True], ids=["second harvest", "first harvest"])
def test_a_writer_killed_at_any_commit(
    grown: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch, when: str, call: int, first: bool
) -> None:
    folder = grown.parent / "t"
    if first:
        shutil.rmtree(grown)
    calls = 0

    def kill(step: str) -> None:
        nonlocal calls
        if step.startswith(when):
            calls += 1
            if calls == call:
                raise Killed

    with monkeypatch.context() as patched:
        _at_every_commit(patched, kill)
        try:
            harvest_into(grown, folder)
        except Killed:
            pass
        else:
            pytest.fail("a harvest has fewer commits")

    assert check(VaultRoot(grown).snapshot()).findings == []
    harvest_into(grown, folder)
    _assert_like_new(grown, prepared)
    written = listing(grown)
    harvest_into(grown, folder)
    assert listing(grown) == written


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_writer_killed_while_it_writes_files(
    grown: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    calls = 0

    def write_then_die(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        done = write_fragment(*arguments, **named)
        if calls == call:
            raise Killed
        return done

    before = contents(grown)
    with monkeypatch.context() as patched:
        patched.setattr(writing, "write_fragment", write_then_die)
        with pytest.raises(Killed):
            harvest_into(grown, grown.parent / "t")
    assert contents(grown) == before
    harvest_into(grown, grown.parent / "t")
    _assert_like_new(grown, prepared)


def test_killed_again_and_again_it_still_ends_right(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repairs are killed too."""
    folder = grown.parent / "t"
    for after in (1, 1, 2, 1, 3, 1, 1, 2):
        calls = 0

        def kill(step: str, last: int = after) -> None:
            nonlocal calls
            if step.startswith("after"):
                calls += 1
                if calls == last:
                    raise Killed

        append(folder / "s1.jsonl", session(f"more{after}", 1))
        with monkeypatch.context() as patched:
            _at_every_commit(patched, kill)
            with pytest.raises(Killed):
                harvest_into(grown, folder)
        assert check(VaultRoot(grown).snapshot()).findings == []
    harvest_into(grown, folder)
    assert_like_scratch(grown, folder)


def test_a_create_that_was_killed_leaves_no_half_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 1))

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(VaultRoot, "mark", killed)
        with pytest.raises(Killed):
            harvest_into(vault, path)
    assert not VaultRoot(vault).exists
    key = (vault / "key").read_bytes()
    harvest_into(vault, path)
    assert (vault / "key").read_bytes() == key
    assert_whole(vault)


def test_a_table_whose_first_commit_was_killed_is_made_again(tmp_path: Path) -> None:
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 1))
    VaultRoot(vault).create(personal_key())
    for table in ("executions", "decisions", "sources"):
        (vault / "archive" / table / "_delta_log").mkdir(parents=True)
        (vault / "archive" / table / "_delta_log" / "_commit_half.json.tmp").write_text('{"protocol": {')
    assert one(vault, "SELECT count(*) FROM executions") == 0
    harvest_into(vault, path)
    assert_like_scratch(vault, path)
