"""``soma vault repair``: every damage made on purpose, and the vault equals one made from scratch afterwards.

One vault is made for all tests and copied back to its place before each: sources are known by their paths. Of the same
damage to every table one is in the quick run, the others are ``slow``.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from soma.errors import VaultError
from soma.harvester.labels import import_labels, read_labels
from soma.harvester.options import Options
from soma.harvester.repair import Repaired, repair
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, INSIGHTS, OUTCOMES, QUARANTINE, SOURCES, TABLES, Table
from soma.vault import VaultRoot
from soma.vault.check import check_vault
from soma.vault.delta import LiveTable
from soma.vault.upkeep import compact
from tests.cli import conftest as cli
from tests.cli.conftest import Soma
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import assert_same, assert_whole, column, contents, harvest_into, listing, one

FROM_SOURCES = (EXECUTIONS, DECISIONS, SOURCES, QUARANTINE, INSIGHTS)
KINDS = [*FROM_SOURCES, OUTCOMES]
soma = cli.soma


class Prepared(NamedTuple):
    """A folder of traces with its vault, a copy of it, and what a new vault of these traces answers."""

    place: Path
    copy: Path
    scratch: dict[str, list[str]]


def _make(place: Path, fixtures: Path) -> Path:
    """A vault with rows in every table, made by three harvests."""
    folder = place / "t"
    write(folder / "s1.jsonl", session("s1", 2))
    write(folder / "bad.jsonl", [*session("bad", 1), '{"type": "user", \n'])
    harvest_into(place / "vault", folder)
    write(folder / "s2.jsonl", session("s2", 3))
    write(folder / "copy.jsonl", session("s2", 2))
    write(folder / "log.jsonl", [(fixtures / "agentflow/forms/run-log.jsonl").read_text()])
    harvest_into(place / "vault", folder)
    append(folder / "s1.jsonl", session("s1", 4)[5:])
    append(folder / "bad.jsonl", ['{"type": "user", \n'])
    write(folder / "s3.jsonl", session("s3", 1))
    harvest_into(place / "vault", folder)
    labels = write(place / "labels.csv", ["execution_id,success\n", "cc:s1,true\n"])
    import_labels(VaultRoot(place / "vault"), read_labels(str(labels)))
    # Twice, so that a last commit that is lost is not one that is promised still.
    write(labels, ["execution_id,success\n", "cc:s1,false\n", "cc:s2,true\n"])
    import_labels(VaultRoot(place / "vault"), read_labels(str(labels)))
    return place / "vault"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Iterator[Prepared]:
    base = tmp_path_factory.mktemp("repair")
    with pytest.MonkeyPatch.context() as patched:
        # Where all tests keep their key: digests depend on it.
        patched.setenv("SOMA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        made = _make(base / "place", fixtures)
        assert all(LiveTable(made, table).files() for table in KINDS)
        yield Prepared(base / "place", shutil.copytree(base / "place", base / "copy"), contents(_scratch(made)))


@pytest.fixture
def vault(prepared: Prepared) -> Path:
    shutil.rmtree(prepared.place)
    # With the times of the files: the ledger knows the sources by them.
    shutil.copytree(prepared.copy, prepared.place)
    return prepared.place / "vault"


def _repair(vault: Path, *paths: Path) -> Repaired:
    return repair(VaultRoot(vault), [str(path) for path in paths], Options(jobs=1))


def _scratch(vault: Path) -> Path:
    scratch = vault.with_name("scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    harvest_into(scratch, vault.parent / "t")
    import_labels(VaultRoot(scratch), read_labels(str(vault.parent / "labels.csv")))
    return scratch


def _assert_like_new(vault: Path, prepared: Prepared, *, without: Iterable[str] = ()) -> None:
    """Equal to a vault made from the traces as they are now."""
    traces = [{path.name: path.read_bytes() for path in (at / "t").iterdir()} for at in (vault.parent, prepared.copy)]
    expected = prepared.scratch if traces[0] == traces[1] else contents(_scratch(vault))
    for view, rows in contents(vault, without=without).items():
        assert rows == expected[view], f"{view} differ"


def _live(vault: Path, table: Table) -> list[Path]:
    return [Path(path) for path in LiveTable(vault, table).paths()]


def _delete(path: Path) -> None:
    path.unlink()


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _flip(path: Path) -> None:
    import pyarrow.parquet as pq

    # Into the values of the first column: not every byte of the headers around them means something.
    column = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(path.read_bytes())
    data[(column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 2] ^= 0x10
    path.write_bytes(data)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _assert_rebuilt(vault: Path, done: Repaired, table: Table, prepared: Prepared) -> None:
    """Whole again (repair checks that itself), equal to a new vault, and nothing is left for the next run."""
    assert done.remaining == []
    if table is OUTCOMES:
        assert done.exit_code == 1
        assert any("import their file again" in told for told in done.cannot)
        import_labels(VaultRoot(vault), read_labels(str(vault.parent / "labels.csv")))
    else:
        assert not done.lost
        assert done.exit_code == (1 if table is INSIGHTS else 0)
    _assert_like_new(vault, prepared)
    assert harvest_into(vault, vault.parent / "t").sources.read == 0


def _assert_left_alone(vault: Path) -> None:
    """A repair after the repair changes no byte."""
    before = listing(vault)
    again = _repair(vault)
    assert (again.findings, again.reread, again.exit_code) == ([], 0, 0)
    assert listing(vault) == before


def _cases(quick: Iterable[tuple[object, ...]], every: Iterable[tuple[object, ...]]) -> list[object]:
    """All of ``every``, those that are not among ``quick`` marked as slow."""
    chosen = list(quick)
    return [
        pytest.param(
            *case,
            marks=() if case in chosen else pytest.mark.slow,
            id="-".join(_named(part) for part in case),
        )
        for case in every
    ]


def _named(part: object) -> str:
    if isinstance(part, Table):
        return part.name
    return getattr(part, "__name__", str(part)).strip("_")


@pytest.mark.parametrize(
    ("table", "damage"),
    _cases(
        [(EXECUTIONS, _delete), (DECISIONS, _flip)],
        itertools.product(KINDS, [_delete, _truncate, _flip]),
    ),
)
def test_a_broken_file_of_rows(vault: Path, prepared: Prepared, table: Table, damage: Callable[[Path], None]) -> None:
    broken = _live(vault, table)
    for path in broken:
        damage(path)
    # A ledger of which nothing can be read any more: only a person knows where the sources were.
    done = _repair(vault, *([vault.parent / "t"] if table is SOURCES else []))
    assert {Path(finding.where).name for finding in done.findings} == {path.name for path in broken}
    assert {item.file for item in done.taken_out} == {path.name for path in broken}
    _assert_rebuilt(vault, done, table, prepared)
    if damage is _delete:
        _assert_left_alone(vault)


@pytest.mark.parametrize("table", _cases([(EXECUTIONS,)], [(EXECUTIONS,), (DECISIONS,), (SOURCES,)]))
def test_one_broken_file_of_several_rereads_no_more_than_its_sources(
    vault: Path, prepared: Prepared, table: Table
) -> None:
    paths = _live(vault, table)
    path = paths[0] if table is SOURCES else next(path for path in paths if "cc:s3" in _ids(path))
    _delete(path)
    done = _repair(vault, *([vault.parent / "t"] if table is SOURCES else []))
    assert 0 < done.reread < 6
    _assert_rebuilt(vault, done, table, prepared)


def _log(vault: Path, table: Table) -> list[Path]:
    return sorted((vault / table.path / "_delta_log").glob("*.json"))


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00" * 300)


LOG_DAMAGES: list[tuple[Callable[[Path], None], int]] = [(_truncate, 0), (_garbage, 1), (_empty, 1), (_empty, -1)]


@pytest.mark.parametrize(
    ("table", "damage", "which"),
    _cases(
        [(EXECUTIONS, _garbage, 1), (SOURCES, _empty, -1)],
        ((table, *damage) for table in KINDS for damage in LOG_DAMAGES),
    ),
)
def test_a_broken_log(
    vault: Path, prepared: Prepared, table: Table, which: int, damage: Callable[[Path], None]
) -> None:
    path = _log(vault, table)[which]
    damage(path)
    assert [finding.where for finding in check_vault(VaultRoot(vault)).findings] == [
        f"{table.path}/_delta_log/{path.name}"
    ]
    done = _repair(vault, *([vault.parent / "t"] if table is SOURCES else []))
    (aside,) = done.set_aside
    assert aside.table == table.path
    assert aside.moved_to == f"{table.path}.damaged-1"
    assert list((vault / aside.moved_to).glob("*.parquet")), "nothing is deleted"
    _assert_rebuilt(vault, done, table, prepared)
    if damage is _garbage:
        _assert_left_alone(vault)


@pytest.mark.parametrize(
    ("table", "which"),
    _cases([(DECISIONS, 0)], [*((table, 0) for table in KINDS), (EXECUTIONS, 1), (SOURCES, 1)]),
)
def test_a_log_with_a_hole(vault: Path, prepared: Prepared, table: Table, which: int) -> None:
    path = _log(vault, table)[which]
    path.unlink()
    (finding,) = check_vault(VaultRoot(vault)).findings
    assert finding.where == f"{table.path}/_delta_log/{path.name}"
    assert finding.problem == "is missing"
    done = _repair(vault, *([vault.parent / "t"] if table is SOURCES else []))
    assert [aside.table for aside in done.set_aside] == [table.path]
    _assert_rebuilt(vault, done, table, prepared)


@pytest.mark.parametrize(
    ("table", "lost"),
    _cases([(DECISIONS, 9)], itertools.product(FROM_SOURCES, [1, 9])),
)
def test_a_log_that_lost_its_end(vault: Path, prepared: Prepared, table: Table, lost: int) -> None:
    """Delta takes it for an older version of the table: what tells are the other tables."""
    for path in _log(vault, table)[-lost:]:
        path.unlink()
    assert check_vault(VaultRoot(vault)).findings
    done = _repair(vault, vault.parent / "t")
    assert done.remaining == []
    _assert_like_new(vault, prepared)
    # Numbers that were given away with the lost commits are not given again.
    append(vault.parent / "t" / "s3.jsonl", session("s3", 4)[3:])
    harvest_into(vault, vault.parent / "t")
    assert_whole(vault)
    _assert_like_new(vault, prepared)


def test_labels_whose_log_lost_a_commit_that_was_not_the_last(vault: Path) -> None:
    append(vault.parent / "t" / "s3.jsonl", session("s3", 2)[3:])
    harvest_into(vault, vault.parent / "t")
    for path in _log(vault, OUTCOMES)[-1:]:
        path.unlink()
    (finding,) = check_vault(VaultRoot(vault)).findings
    assert finding.where == "archive/outcomes/_delta_log"
    assert finding.problem == "ends with commit 4, but it had commit 5"
    done = _repair(vault)
    assert done.remaining == []
    assert done.cannot[0].startswith("outcome labels were lost: no source holds them")


def test_everything_broken_at_once(vault: Path, prepared: Prepared) -> None:
    for table in TABLES:
        for path in _live(vault, table):
            _delete(path)
    _garbage(_log(vault, EXECUTIONS)[-1])
    _garbage(_log(vault, DECISIONS)[0])
    done = _repair(vault, vault.parent / "t")
    _assert_rebuilt(vault, done, OUTCOMES, prepared)
    _assert_left_alone(vault)


def test_paths_of_a_lost_ledger_are_found_in_its_older_files(vault: Path, prepared: Prepared) -> None:
    with VaultRoot(vault).writer() as writer:
        compact(writer)
    _delete(_live(vault, SOURCES)[0])
    done = _repair(vault)
    assert done.lost == []
    _assert_rebuilt(vault, done, SOURCES, prepared)


def test_executions_whose_source_nobody_knows_any_more_are_kept(vault: Path, prepared: Prepared) -> None:
    before = contents(vault)
    for path in (vault / SOURCES.path).glob("*.parquet"):
        path.unlink()
    done = _repair(vault)
    assert done.remaining == []
    assert {item.path for item in done.lost} == {"?"}
    assert {item.executions for item in done.lost} == {0}
    after = contents(vault)
    assert (after["executions"], after["decisions"]) == (before["executions"], before["decisions"])
    # A harvest of the folder is enough.
    harvest_into(vault, vault.parent / "t")
    assert_whole(vault)
    _assert_like_new(vault, prepared)


@pytest.mark.parametrize("table", _cases([(DECISIONS,)], [(EXECUTIONS,), (DECISIONS,)]))
def test_a_source_that_vanished_is_named_with_what_it_held(vault: Path, prepared: Prepared, table: Table) -> None:
    gone = vault.parent / "t" / "s3.jsonl"
    gone.unlink()
    for path in _live(vault, table):
        _delete(path)
    done = _repair(vault)
    assert [(item.path, item.executions, item.why) for item in done.lost] == [(str(gone), 1, "the source is gone")]
    assert done.exit_code == 1
    assert done.remaining == []
    assert "cc:s3" not in column(vault, "SELECT execution_id FROM executions")
    _assert_like_new(vault, prepared, without=("sources",))
    again = _repair(vault)
    assert (again.lost, again.reread, again.exit_code) == (done.lost, 0, 1)
    write(gone, session("s3", 1))
    assert _repair(vault).exit_code == 0
    assert_same(vault, _scratch(vault))


def test_a_vanished_source_whose_rows_are_whole_keeps_them(vault: Path) -> None:
    only = harvest_into(vault, write(vault.parent / "elsewhere" / "s9.jsonl", session("s9", 2)))
    assert only.executions == 1
    shutil.rmtree(vault.parent / "elsewhere")
    path = next(path for path in _live(vault, EXECUTIONS) if "cc:s9" not in _ids(path))
    _flip(path)
    done = _repair(vault)
    assert done.lost == []
    assert "cc:s9" in column(vault, "SELECT execution_id FROM executions")
    assert_whole(vault)


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param([EXECUTIONS], marks=pytest.mark.slow),
        pytest.param([DECISIONS], marks=pytest.mark.slow),
        [EXECUTIONS, DECISIONS],
    ],
    ids=["executions", "decisions", "both"],
)
def test_rows_of_vanished_sources_outlive_the_log_of_their_table(vault: Path, tables: list[Table]) -> None:
    """``s1.jsonl`` was read twice: of its two readings the last one is kept."""
    before = contents(vault)
    for name in ("s1.jsonl", "s3.jsonl", "log.jsonl"):
        (vault.parent / "t" / name).unlink()
    for table in tables:
        _garbage(_log(vault, table)[1])
    done = _repair(vault)
    assert (done.remaining, done.lost, done.exit_code) == ([], [], 0)
    after = contents(vault, without=("sources",))
    assert all(rows == before[view] for view, rows in after.items())
    assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:s1'") == 4
    assert sorted(column(vault, "SELECT status FROM sources WHERE path LIKE '%/s1.jsonl'")) == ["read"]
    _assert_left_alone(vault)


def test_an_older_reading_does_not_stand_for_one_that_cannot_be_read(vault: Path) -> None:
    gone = vault.parent / "t" / "s1.jsonl"
    gone.unlink()
    (newest,) = (path for path in _live(vault, EXECUTIONS) if "cc:s1" in _ids(path))
    older = [path for path in newest.parent.glob("*.parquet") if path != newest and "cc:s1" in _ids(path)]
    assert older
    _flip(newest)
    _garbage(_log(vault, EXECUTIONS)[1])
    done = _repair(vault)
    assert [(item.path, item.executions, item.why) for item in done.lost] == [(str(gone), 1, "the source is gone")]
    assert done.remaining == []
    assert "cc:s1" not in column(vault, "SELECT execution_id FROM executions")


def test_decisions_of_a_vanished_source_are_found_in_files_from_before_a_compaction(vault: Path) -> None:
    before = contents(vault)
    with VaultRoot(vault).writer() as writer:
        compact(writer)
    (vault.parent / "t" / "s3.jsonl").unlink()
    (compacted,) = _live(vault, DECISIONS)
    _flip(compacted)
    done = _repair(vault)
    assert (done.remaining, done.lost) == ([], [])
    after = contents(vault)
    assert (after["executions"], after["decisions"]) == (before["executions"], before["decisions"])


def _ids(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    ids: list[str] = pq.read_table(path, columns=["execution_id"])["execution_id"].to_pylist()
    return ids


def test_a_copy_gives_what_its_vanished_original_told(vault: Path) -> None:
    """``copy.jsonl`` holds two of the three decisions."""
    (vault.parent / "t" / "s2.jsonl").unlink()
    for path in _live(vault, DECISIONS):
        _delete(path)
    done = _repair(vault)
    assert done.remaining == []
    assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:s2'") == 2
    assert one(vault, "SELECT count(*) FROM decisions WHERE execution_id = 'cc:s2'") == 2


def test_a_source_that_was_cut_since_is_named(vault: Path) -> None:
    path = write(vault.parent / "t" / "two.jsonl", [*session("a1", 1), *session("a2", 2)])
    harvest_into(vault, vault.parent / "t")
    write(path, session("a2", 2))
    for file in _live(vault, DECISIONS):
        _delete(file)
    done = _repair(vault)
    told = [(item.path, item.executions, item.why) for item in done.lost]
    assert told == [(str(path), 1, "the source no longer holds them")]
    assert_whole(vault)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    ("table", "call"),
    _cases(
        [(QUARANTINE, 2), (None, 4)],
        itertools.product([DECISIONS, QUARANTINE, None], [1, 2, 3, 4, 6, 8]),
    ),
)
def test_a_repair_that_was_killed_is_finished_by_the_next(
    vault: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch, table: Table | None, call: int
) -> None:
    for each in [table] if table else [BY_NAME[name] for name in ("executions", "quarantine", "insights")]:
        if each is INSIGHTS:
            _garbage(_log(vault, each)[-1])
        else:
            for path in _live(vault, each):
                _delete(path)
    original, calls = LiveTable.commit, 0

    def commit(self: LiveTable, *arguments: object, **named: object) -> LiveTable:
        nonlocal calls
        calls += 1
        done = original(self, *arguments, **named)  # type: ignore[arg-type]
        if calls == call:
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(LiveTable, "commit", commit)
        try:
            _repair(vault, vault.parent / "t")
        except Killed:
            killed = True
        else:
            killed = False
    assert killed or call > 6, "a repair has more commits"
    done = _repair(vault, vault.parent / "t")
    assert done.remaining == []
    harvest_into(vault, vault.parent / "t")
    assert_whole(vault)
    _assert_like_new(vault, prepared)


def test_without_its_key_nothing_is_touched_and_the_words_say_what_it_means(vault: Path) -> None:
    (vault / "key").unlink()
    _delete(_live(vault, DECISIONS)[0])
    before = listing(vault)
    findings = check_vault(VaultRoot(vault)).findings
    assert "key" in {finding.where for finding in findings}
    with pytest.raises(VaultError, match="the vault's key is missing") as caught:
        _repair(vault)
    assert "could not be compared" in caught.value.message
    assert "restore the file from a backup" in caught.value.hint
    assert caught.value.where == str(vault / "key")
    assert listing(vault) == {**before, "lock": listing(vault)["lock"]}


def test_a_whole_vault_is_left_alone(vault: Path) -> None:
    before = listing(vault)
    done = _repair(vault, vault.parent / "t")
    assert (done.findings, done.reread, done.exit_code) == ([], 0, 0)
    assert listing(vault) == before


@pytest.mark.slow
def test_rows_read_with_other_options_are_told_of(vault: Path) -> None:
    from soma.harvester.agents import AgentNames

    path = write(vault.parent / "t" / "named.jsonl", session("named", 1))
    harvest_into(vault, path, agents=AgentNames(override="someone"))
    for file in _live(vault, DECISIONS):
        _delete(file)
    done = _repair(vault)
    assert done.cannot[0].startswith(
        "1 of the sources were first read by another version of soma or with other options"
    )


def test_the_command_says_it_in_words_and_in_json(soma: Soma, vault: Path) -> None:
    gone = vault.parent / "t" / "s3.jsonl"
    gone.unlink()
    for path in _live(vault, DECISIONS):
        _delete(path)
    checked = soma("vault", "check", "--vault", str(vault))
    assert checked.code == 1
    assert "soma vault repair --vault" in checked.out
    page = soma("vault", "repair", "--vault", str(vault))
    assert page.code == 1, page.err
    words = " ".join(page.out.split())
    assert "Taken out of archive/decisions" in words
    # The path of a temporary folder is broken wherever the page ends.
    assert "s3.jsonl:1execution,thesourceisgone" in "".join(words.split())
    assert "What the vault holds now is whole." in words
    answer = soma("vault", "repair", "--vault", str(vault), "--json")
    assert answer.json["schema"] == "soma.vault.repair"
    assert [item["executions"] for item in answer.json["lost"]] == [1]
    assert soma("vault", "check", "--vault", str(vault)).code == 0
    write(gone, session("s3", 1))
    assert soma("vault", "repair", "--vault", str(vault)).code == 0
    assert "there is nothing to repair" in soma("vault", "repair", "--vault", str(vault)).out


@pytest.mark.slow
def test_a_broken_log_is_named_by_the_command(soma: Soma, vault: Path) -> None:
    _garbage(_log(vault, EXECUTIONS)[1])
    checked = soma("vault", "check", "--vault", str(vault))
    assert checked.code == 1
    assert "archive/executions/_delta_log/00000000000000000001.json:isdamaged" in "".join(checked.out.split())
    assert soma("vault", "repair", "--vault", str(vault)).code == 0
    assert soma("vault", "check", "--vault", str(vault)).code == 0
