"""What happened before does not happen again: unchanged sources write nothing, changed ones only their own rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soma.harvester import work
from soma.harvester.harvest import harvest
from soma.vault import VaultRoot

from .traces import append, session, touch, write
from .vaults import assert_like_scratch, assert_whole, contents, harvest_into, listing, one, use_adapters


def test_the_second_harvest_writes_no_byte_and_says_so(tmp_path: Path, fixtures: Path) -> None:
    vault = tmp_path / "vault"
    traces = listing(fixtures)
    first = harvest_into(vault, fixtures)
    written = listing(vault)
    assert first.sources.new == first.sources.read > 50
    assert first.executions > 300

    second = harvest_into(vault, fixtures)

    assert listing(vault) == written
    assert second.sources.unchanged > first.sources.read
    assert (second.sources.read, second.sources.new, second.sources.changed) == (0, 0, 0)
    assert (second.executions, second.decisions, second.bytes) == (0, 0, 0)
    assert second.vault_version == first.vault_version == 1
    assert_whole(vault)
    assert listing(fixtures) == traces, "a harvest must not touch its sources"


@pytest.mark.corpus
def test_the_whole_corpus_harvested_twice_writes_nothing(tmp_path: Path, corpus: Path) -> None:
    vault = tmp_path / "vault"
    first = harvest_into(vault, corpus, jobs=2)
    written = listing(vault)
    second = harvest_into(vault, corpus, jobs=2)
    assert listing(vault) == written
    assert second.sources.read == second.executions == 0
    assert second.sources.failed == first.sources.failed
    assert_whole(vault)


def test_a_touched_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 3))
    write(tmp_path / "t" / "s2.jsonl", session("s2", 2))
    harvest_into(vault, tmp_path / "t")
    executions, decisions = (listing(vault / "archive" / name) for name in ("executions", "decisions"))
    touch(path)

    summary = harvest_into(vault, tmp_path / "t")

    assert (summary.sources.unchanged, summary.sources.read) == (2, 0)
    assert listing(vault / "archive" / "decisions") == decisions
    parquet = {name for name in executions if name.endswith(".parquet")}
    assert {name for name in listing(vault / "archive" / "executions") if name.endswith(".parquet")} == parquet
    # Its new time is remembered: the next harvest need not even look at the bytes.
    written = listing(vault)
    with monkeypatch.context() as patched:
        patched.setattr("soma.harvester.fingerprint.content_hash", None)
        assert harvest_into(vault, tmp_path / "t").sources.unchanged == 2
    assert listing(vault) == written
    assert_like_scratch(vault, tmp_path / "t")


def test_other_bytes_of_the_same_size_are_read(tmp_path: Path) -> None:
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 3))
    harvest_into(vault, path)
    path.write_text(path.read_text().replace("himalaya", "gmailctl"))
    touch(path)
    assert harvest_into(vault, path).sources.changed == 1
    assert one(vault, "SELECT DISTINCT action FROM decisions") == "exec:gmailctl"
    assert_like_scratch(vault, path)


def test_appending_changes_only_that_session(tmp_path: Path) -> None:
    folder, vault = tmp_path / "t", tmp_path / "vault"
    for name in ("s1", "s2", "s3"):
        write(folder / f"{name}.jsonl", session(name, 2))
    harvest_into(vault, folder)
    before = contents(vault)
    append(folder / "s2.jsonl", session("s2", 4)[5:])

    summary = harvest_into(vault, folder)

    assert (summary.sources.changed, summary.sources.unchanged) == (1, 2)
    assert (summary.executions, summary.decisions) == (1, 4)
    after = contents(vault)
    for view in ("executions", "decisions", "sources"):
        changed = set(before[view]) ^ set(after[view])
        assert changed
        assert all("s2" in row or "src-" in row for row in changed)
        assert not any("cc:s1" in row or "cc:s3" in row for row in changed)
    assert_like_scratch(vault, folder)


@pytest.mark.parametrize(
    "name", ["otel/any-agent-google.json", "claude-code/sidechain.jsonl", "langchain/runs_flat.jsonl"]
)
def test_real_traces_that_grow_line_by_line_end_where_scratch_does(tmp_path: Path, fixtures: Path, name: str) -> None:
    data = (fixtures / name).read_bytes()
    path, vault = tmp_path / "t" / Path(name).name, tmp_path / "vault"
    path.parent.mkdir()
    cuts = [len(data) // 4, len(data) // 2, 3 * len(data) // 4, len(data)]
    for cut in cuts:
        # Anywhere in a line, inside a character too.
        path.write_bytes(data[:cut])
        harvest_into(vault, path)
        assert_whole(vault)
    assert_like_scratch(vault, path)
    assert one(vault, "SELECT count(*) FROM executions") > 0


def test_a_torn_last_line_waits_for_its_end(tmp_path: Path) -> None:
    lines = session("s1", 3)
    vault, path = tmp_path / "vault", tmp_path / "t" / "s1.jsonl"
    whole = "".join(lines[:5])
    write(path, [whole, lines[5][:40]])

    summary = harvest_into(vault, path)

    assert summary.sources.read == 1
    assert summary.sources.failed == summary.quarantined == 0
    assert [item.state for item in summary.unusable] == ["read"]
    assert "torn at byte" in summary.unusable[0].reason
    assert one(vault, "SELECT bytes_read FROM sources") == len(whole)
    assert one(vault, "SELECT count(*) FROM decisions") == 2
    written = listing(vault)
    assert harvest_into(vault, path).sources.unchanged == 1
    assert listing(vault) == written

    append(path, [lines[5][40:], *lines[6:]])
    assert harvest_into(vault, path).unusable == []
    assert one(vault, "SELECT count(*) FROM decisions WHERE outcome <> 'unknown'") == 3
    assert_like_scratch(vault, path)


def test_a_source_that_shrank_keeps_what_it_told(tmp_path: Path) -> None:
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "log.jsonl", session("old", 4) + session("s1", 5))
    harvest_into(vault, path)
    kept = contents(vault)

    write(path, session("s1", 2))
    summary = harvest_into(vault, path)

    assert any("kept although their source no longer holds them" in warning for warning in summary.warnings)
    after = contents(vault)
    assert (after["executions"], after["decisions"]) == (kept["executions"], kept["decisions"])
    assert_whole(vault)

    # It grows on from there, and what was kept is still kept until the source holds more of it.
    append(path, session("s1", 3)[5:] + session("new", 1))
    harvest_into(vault, path)
    assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:old'") == 4
    assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:s1'") == 5
    assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:new'") == 1
    append(path, session("s1", 6)[7:])
    harvest_into(vault, path)
    assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:s1'") == 6
    assert one(vault, "SELECT count(*) FROM executions") == 3
    assert_whole(vault)


def test_a_file_that_was_written_over_gives_up_what_it_told(tmp_path: Path) -> None:
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s.jsonl", session("old", 2))
    harvest_into(vault, path)
    write(path, session("new", 4))
    harvest_into(vault, path)
    assert_like_scratch(vault, path)
    assert one(vault, "SELECT execution_id FROM executions") == "cc:new"


def test_a_source_that_vanished_keeps_its_rows(tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", tmp_path / "t"
    write(folder / "s1.jsonl", session("s1", 2))
    gone = write(folder / "s2.jsonl", session("s2", 2))
    harvest_into(vault, folder)
    before = contents(vault)
    gone.unlink()
    written = listing(vault)
    harvest_into(vault, folder)
    assert contents(vault) == before
    assert listing(vault) == written


def test_a_newer_adapter_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    from soma.adapters import registry

    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 2))
    harvest_into(vault, path)
    revision = one(vault, "SELECT revision FROM executions")
    version = one(vault, "SELECT adapter_version FROM executions") + 1
    newer = tuple(
        msgspec.structs.replace(adapter, version=version) if adapter.name == "claude-code" else adapter
        for adapter in registry.adapters()
    )
    use_adapters(monkeypatch, newer)

    summary = harvest_into(vault, path)

    assert (summary.sources.changed, summary.sources.unchanged) == (1, 0)
    assert one(vault, "SELECT adapter_version FROM executions") == version
    assert one(vault, "SELECT adapter_version FROM sources") == version
    assert one(vault, "SELECT revision FROM executions") != revision
    assert one(vault, "SELECT count(*) FROM decisions") == 2
    assert harvest_into(vault, path).sources.unchanged == 1
    assert_like_scratch(vault, path)


def test_a_change_beside_a_session_is_noticed_where_it_concerns_it(tmp_path: Path, fixtures: Path) -> None:
    """OpenClaw keeps how a run ended in an index beside its sessions."""
    import json
    import shutil

    folder, vault = tmp_path / "sessions", tmp_path / "vault"
    shutil.copytree(fixtures / "openclaw/run-2026.4.26/agents/main/sessions", folder)
    harvest_into(vault, folder)
    executions = {path for path in listing(vault / "archive" / "executions") if path.endswith(".parquet")}
    index = json.loads((folder / "sessions.json").read_text())

    index["agent:nobody:main"] = {"sessionId": "not-here", "updatedAt": 1}
    (folder / "sessions.json").write_text(json.dumps(index))
    assert harvest_into(vault, folder).executions == 0
    assert {path for path in listing(vault / "archive" / "executions") if path.endswith(".parquet")} == executions

    key = next(key for key, entry in index.items() if entry.get("status") in {"done", "failed", "killed", "timeout"})
    index[key]["status"] = "killed" if index[key]["status"] != "killed" else "done"
    (folder / "sessions.json").write_text(json.dumps(index))
    assert harvest_into(vault, folder).executions == 1
    assert_like_scratch(vault, folder)


def test_nothing_is_decided_by_an_old_listing_of_the_folder(tmp_path: Path) -> None:
    """Two harvests in one process, seconds apart, see two different folders."""
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 1))
    harvest_into(vault, tmp_path / "t")
    assert "_siblings_of" not in vars(work)
    os.rename(path, path.with_name("s2.jsonl"))
    assert harvest_into(vault, tmp_path / "t").sources.new == 1


def test_the_order_of_paths_that_overlap_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    write(folder / "a" / "s1.jsonl", session("s1", 2))
    write(folder / "b" / "s2.jsonl", session("s2", 2))
    (folder / "link.jsonl").symlink_to(folder / "a" / "s1.jsonl")
    vault = tmp_path / "vault"
    paths = [str(folder / "b"), str(folder), str(folder / "**" / "*.jsonl"), str(folder / "a" / "s1.jsonl")]
    assert harvest(paths, VaultRoot(vault)).sources.read == 2
    assert_like_scratch(vault, folder)
