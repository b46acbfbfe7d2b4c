"""Order of paths, number of jobs, and how the work is spread over harvests never change what the vault answers."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from soma.harvester import pool

from .traces import append, session, spans, touch, write
from .vaults import assert_like_scratch, assert_same, assert_whole, column, contents, harvest_into, listing, one

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_any_number_of_jobs_gives_equal_rows(
    tmp_path: Path, fixtures: Path, at_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_POOL_PAYS_BYTES", 1)
    monkeypatch.setattr("soma.harvester.plan._TASK_BYTES", 64 * 1024)
    harvest_into(tmp_path / "vault", fixtures, jobs=3)
    assert_whole(tmp_path / "vault")
    assert_same(tmp_path / "vault", at_once)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_split_into_several_harvests_gives_equal_rows(
    tmp_path: Path, fixtures: Path, at_once: Path, seed: int
) -> None:
    paths = sorted(path for path in fixtures.rglob("*") if path.is_file())
    random.Random(seed).shuffle(paths)
    vault = tmp_path / "vault"
    for start in range(0, len(paths), 17):
        harvest_into(vault, *paths[start : start + 17])
    assert harvest_into(vault, fixtures).sources.read == 0
    assert_whole(vault)
    assert_same(vault, at_once)


def test_many_small_commits_in_one_harvest_give_equal_rows(
    tmp_path: Path, fixtures: Path, at_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soma.harvester.run._COMMIT_BYTES", 100_000)
    monkeypatch.setattr("soma.harvester.plan._TASK_SOURCES", 3)
    summary = harvest_into(tmp_path / "vault", fixtures)
    assert summary.vault_version is not None
    assert summary.vault_version > 5
    assert_whole(tmp_path / "vault")
    assert_same(tmp_path / "vault", at_once)


@pytest.mark.corpus
def test_the_corpus_in_three_harvests_equals_the_corpus_at_once(tmp_path: Path, corpus: Path) -> None:
    harvest_into(tmp_path / "whole", corpus)
    folders = sorted(path for path in corpus.iterdir() if path.is_dir())
    for part in (folders[1::3], folders[::3], folders[2::3]):
        harvest_into(tmp_path / "parts", *part)
    harvest_into(tmp_path / "parts", corpus)
    assert_same(tmp_path / "parts", tmp_path / "whole")


class TestTheSameSessionInTwoPlaces:
    def test_it_counts_once(self, tmp_path: Path) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        first = write(folder / "a" / "s1.jsonl", session("s1", 3))
        harvest_into(vault, folder)
        alone = column(vault, "SELECT decision_id FROM decisions ORDER BY 1")
        (folder / "b").mkdir()
        shutil.copy(first, folder / "b" / "backup.jsonl")
        summary = harvest_into(vault, folder)
        assert (summary.sources.new, summary.sources.unchanged) == (1, 1)
        assert column(vault, "SELECT decision_id FROM decisions ORDER BY 1") == alone
        assert one(vault, "SELECT count(*) FROM executions") == 1
        assert_like_scratch(vault, folder)

    def test_one_of_them_vanishes(self, tmp_path: Path) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        first = write(folder / "a.jsonl", session("s1", 3))
        second = write(folder / "b.jsonl", session("s1", 3))
        harvest_into(vault, folder)
        before = contents(vault)
        first.unlink()
        harvest_into(vault, folder)
        assert contents(vault) == before
        append(second, session("s1", 4)[7:])
        harvest_into(vault, folder)
        assert one(vault, "SELECT count(*) FROM executions") == 1
        assert one(vault, "SELECT count(*) FROM decisions") == 4
        assert_whole(vault)

    @pytest.mark.parametrize("grown", ["a.jsonl", "b.jsonl"])
    def test_one_of_them_grows(self, tmp_path: Path, grown: str) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "a.jsonl", session("s1", 3))
        write(folder / "b.jsonl", session("s1", 3))
        harvest_into(vault, folder)
        append(folder / grown, session("s1", 5)[7:])
        harvest_into(vault, folder)
        assert one(vault, "SELECT decisions FROM executions") == 5
        assert_like_scratch(vault, folder)

    def test_one_of_them_becomes_another_session(self, tmp_path: Path) -> None:
        """The one that was counted goes; the other has to be counted now, although nothing happened to it."""
        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "a.jsonl", session("s1", 3))
        write(folder / "b.jsonl", session("s1", 3))
        harvest_into(vault, folder)
        counted = one(vault, "SELECT path FROM sources JOIN executions USING (source_id)")
        write(Path(counted), session("s2", 4))
        harvest_into(vault, folder)
        assert column(vault, "SELECT execution_id FROM executions ORDER BY 1") == ["cc:s1", "cc:s2"]
        assert_like_scratch(vault, folder)

    def test_the_original_of_a_backup_comes_and_goes(self, tmp_path: Path, fixtures: Path) -> None:
        live = fixtures / "openclaw/run-2026.4.26/agents/main/sessions/s-edit.jsonl"
        folder, vault = tmp_path / "sessions", tmp_path / "vault"
        folder.mkdir()
        backup = folder / "s-edit.jsonl.bak-1"
        shutil.copy(live, backup)
        harvest_into(vault, folder)
        assert one(vault, "SELECT status FROM sources") == "read"
        shutil.copy(live, folder / "s-edit.jsonl")
        harvest_into(vault, folder)
        assert one(vault, "SELECT status FROM sources WHERE path LIKE '%.bak-1'") == "copy"
        assert one(vault, "SELECT count(*) FROM executions") == 1
        assert_like_scratch(vault, folder)
        (folder / "s-edit.jsonl").unlink()
        harvest_into(vault, folder)
        assert one(vault, "SELECT status FROM sources WHERE path LIKE '%.bak-1'") == "read"
        assert one(vault, "SELECT count(*) FROM executions") == 1
        assert_whole(vault)


class TestOneTraceInTwoFiles:
    def _files(self, folder: Path) -> tuple[Path, Path]:
        folder.mkdir()
        first, second = folder / "1.json", folder / "2.json"
        first.write_text(json.dumps(spans(TRACE, first=0, count=2, root=True)))
        second.write_text(json.dumps(spans(TRACE, first=2, count=3, root=False)))
        return first, second

    @pytest.mark.parametrize("reverse", [False, True])
    def test_harvested_one_after_the_other_it_is_one_execution(self, tmp_path: Path, reverse: bool) -> None:
        files, vault = self._files(tmp_path / "t"), tmp_path / "vault"
        for file in reversed(files) if reverse else files:
            harvest_into(vault, file)
        assert one(vault, "SELECT count(*) FROM executions") == 1
        assert one(vault, "SELECT decisions FROM executions") == 5
        assert column(vault, "SELECT DISTINCT source_id FROM decisions ORDER BY 1") == column(
            vault, "SELECT source_id FROM sources ORDER BY 1"
        )
        assert_like_scratch(vault, tmp_path / "t")

    def test_a_third_file_and_a_rewritten_one(self, tmp_path: Path) -> None:
        (first, second), vault = self._files(tmp_path / "t"), tmp_path / "vault"
        harvest_into(vault, first, second)
        (tmp_path / "t" / "3.json").write_text(json.dumps(spans(TRACE, first=5, count=1, root=False)))
        harvest_into(vault, tmp_path / "t")
        assert one(vault, "SELECT decisions FROM executions") == 6
        second.write_text(json.dumps(spans(TRACE, first=2, count=4, root=False)).replace("tool_3", "other_3"))
        touch(second)
        harvest_into(vault, tmp_path / "t")
        assert_like_scratch(vault, tmp_path / "t")

    def test_real_spans_spread_over_two_files(self, tmp_path: Path, fixtures: Path) -> None:
        document = json.loads((fixtures / "otel" / "any-agent-google.json").read_text())
        lines = (fixtures / "otel" / "openinference-langchain.jsonl").read_bytes().splitlines(keepends=True)
        assert document
        folder, vault = tmp_path / "t", tmp_path / "vault"
        folder.mkdir()
        (folder / "even.jsonl").write_bytes(b"".join(lines[::2]))
        (folder / "odd.jsonl").write_bytes(b"".join(lines[1::2]))
        harvest_into(vault, folder / "odd.jsonl")
        harvest_into(vault, folder / "even.jsonl")
        assert_like_scratch(vault, folder)


class TestAResumedSession:
    """A resumed session repeats the history of its parent under a new id; what both hold counts once."""

    def _fork(self, calls: int) -> list[str]:
        history = [line.replace('"sessionId": "s1"', '"sessionId": "s2"') for line in session("s1", 3)]
        return history + session("s2", calls, start=60)[1:]

    def test_what_both_hold_counts_once_in_any_order(self, tmp_path: Path) -> None:
        for order in (("s1", "s2"), ("s2", "s1")):
            folder, vault = tmp_path / order[0], tmp_path / f"vault-{order[0]}"
            write(folder / "s1.jsonl", session("s1", 3))
            write(folder / "s2.jsonl", self._fork(2))
            for name in order:
                harvest_into(vault, folder / f"{name}.jsonl")
            assert column(vault, "SELECT decisions FROM executions ORDER BY execution_id") == [3, 2]
            assert_like_scratch(vault, folder)

    def test_what_both_held_counts_once_when_the_parent_is_gone(self, tmp_path: Path) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        parent = write(folder / "s1.jsonl", session("s1", 3))
        fork = write(folder / "s2.jsonl", self._fork(2))
        harvest_into(vault, folder)
        parent.unlink()
        append(fork, session("s2", 3, start=60)[5:])
        harvest_into(vault, folder)
        assert column(vault, "SELECT decisions FROM executions ORDER BY execution_id") == [3, 3]
        assert one(vault, "SELECT count(*) FROM decisions") == 6
        assert_whole(vault)


def test_findings_told_by_two_sources_come_out_the_same_in_any_order(tmp_path: Path, fixtures: Path) -> None:
    """AgentFlow writes down patterns; two files may hold one under the same id."""
    pattern = next(path for path in sorted((fixtures / "agentflow").rglob("*.json*")) if "pattern" in path.read_text())
    folder = tmp_path / "t"
    folder.mkdir()
    text = pattern.read_text()
    (folder / f"a{pattern.suffix}").write_text(text)
    (folder / f"b{pattern.suffix}").write_text(text.replace("mailer", "postman").replace("curator", "keeper"))
    for order in ("ab", "ba"):
        for name in order:
            harvest_into(tmp_path / order, folder / f"{name}{pattern.suffix}")
    assert one(tmp_path / "ab", "SELECT count(*) FROM insights") > 0
    assert contents(tmp_path / "ab") == contents(tmp_path / "ba")
    assert_like_scratch(tmp_path / "ab", folder)
    # The one that was shown stops telling it: now the other is.
    (folder / f"b{pattern.suffix}").write_text("\n".join(session("s9", 30)))
    harvest_into(tmp_path / "ab", folder)
    assert_like_scratch(tmp_path / "ab", folder)


def test_a_relative_outside_the_harvested_folder_is_read_too(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    write(tmp_path / "one" / "a.jsonl", session("s1", 5))
    write(tmp_path / "two" / "b.jsonl", session("s1", 3))
    harvest_into(vault, tmp_path / "one")
    harvest_into(vault, tmp_path / "two")
    assert one(vault, "SELECT decisions FROM executions") == 5
    written = listing(vault)
    harvest_into(vault, tmp_path / "two")
    assert listing(vault) == written
    assert_like_scratch(vault, tmp_path / "one", tmp_path / "two")
