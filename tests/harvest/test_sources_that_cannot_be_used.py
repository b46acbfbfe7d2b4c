"""What no adapter claims, what is empty, what is broken: named with the reason, and the rest committed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from soma.adapters import registry
from soma.adapters.contract import Adapter, Yield
from soma.errors import SourceError, UsageError
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Limits
from soma.vault import VaultRoot

from .traces import append, session, touch, write
from .vaults import assert_like_scratch, assert_whole, column, harvest_into, listing, one, use_adapters


def _states(vault: Path) -> dict[str, tuple[str, str | None]]:
    rows = VaultRoot(vault).snapshot().sql("SELECT path, status, reason FROM sources").to_pylist()
    return {Path(row["path"]).name: (row["status"], row["reason"]) for row in rows}


def test_every_state_is_named_with_its_reason(tmp_path: Path, fixtures: Path) -> None:
    folder, vault = tmp_path / "sessions", tmp_path / "vault"
    write(folder / "good.jsonl", session("s1", 2))
    write(folder / "notes.md", ["# notes\n"])
    write(folder / "other.json", ['{"colour": "red", "size": 3}'])
    (folder / "nothing.jsonl").touch()
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
    write(folder / "summary.jsonl", [(fixtures / "claude-code" / "summaries-only.jsonl").read_text()])
    damaged = [line.replace('"type": "user"', '"type": user') for line in session("s2", 2)]
    write(folder / "damaged.jsonl", [session("s3", 1)[0], *damaged[:1]])

    summary = harvest_into(vault, folder)

    states = _states(vault)
    assert states["good.jsonl"] == ("read", None)
    assert states["notes.md"] == ("unrecognised", "no adapter claims it (looks like: text that is no JSON)")
    assert states["other.json"] == (
        "unrecognised",
        "no adapter claims it (looks like: JSON object with keys colour, size)",
    )
    assert states["picture.png"] == ("unrecognised", "no adapter claims it (looks like: a binary file)")
    assert states["nothing.jsonl"] == ("empty", "the file is empty")
    assert states["summary.jsonl"][0] == "empty"
    assert "exists but holds no run" in (states["summary.jsonl"][1] or "")
    assert summary.sources.unrecognised == 3
    assert summary.sources.empty == 2
    listed = {(Path(item.path).name, item.state): item.reason for item in summary.unusable}
    assert listed[("notes.md", "unrecognised")] == states["notes.md"][1]
    assert ("good.jsonl", "read") not in listed
    assert any("are claimed by no adapter" in warning for warning in summary.warnings)
    assert summary.exit_code == 0
    assert_whole(vault)
    assert_like_scratch(vault, folder)


def test_companions_and_copies_are_no_complaint(tmp_path: Path, fixtures: Path) -> None:
    vault = tmp_path / "vault"
    summary = harvest_into(vault, fixtures / "openclaw" / "run-2026.4.26")
    assert {"companion"} <= {status for status, _ in _states(vault).values()}
    assert summary.unusable == []
    assert summary.exit_code == 0


def test_a_source_that_fails_is_tried_again_and_writes_nothing_new(tmp_path: Path) -> None:
    folder, vault = tmp_path / "t", tmp_path / "vault"
    write(folder / "good.jsonl", session("s1", 2))
    lines = session("s2", 2)
    broken = write(
        folder / "broken.jsonl", [lines[0].rstrip()[:-1] + ",,}\n", *(line[:-2] + "\n" for line in lines[1:])]
    )
    summary = harvest_into(vault, folder, format="claude-code")
    assert summary.exit_code == 4
    assert summary.sources.failed == 1
    assert summary.sources.read == 1
    assert _states(vault)["broken.jsonl"][0] == "failed"
    assert "damaged: none of 5 records could be used" in (_states(vault)["broken.jsonl"][1] or "")
    assert one(vault, "SELECT count(*) FROM quarantine") == 5

    written = listing(vault)
    again = harvest_into(vault, folder, format="claude-code")
    assert (again.sources.failed, again.sources.unchanged, again.exit_code) == (1, 1, 4)
    assert listing(vault) == written

    write(broken, session("s2", 20))
    assert harvest_into(vault, folder, format="claude-code").exit_code == 0
    assert one(vault, "SELECT count(*) FROM quarantine") == 0
    assert one(vault, "SELECT count(*) FROM executions") == 2
    assert_whole(vault)


def test_what_fails_keeps_what_it_told_before(tmp_path: Path) -> None:
    folder, vault = tmp_path / "t", tmp_path / "vault"
    first = write(folder / "a.jsonl", session("s1", 2))
    write(folder / "b.jsonl", session("s1", 4))
    harvest_into(vault, folder)
    os.unlink(first)
    first.symlink_to("/dev/zero")
    summary = harvest_into(vault, folder)
    assert summary.exit_code == 0, "a link to a device in a folder is no trace"
    assert harvest_into(vault, first).exit_code == 4
    assert one(vault, "SELECT decisions FROM executions") == 4
    assert_whole(vault)


class TestWhatCannotBeOpened:
    """Permissions mean nothing to root, so other ways to be unreadable are used."""

    def test_a_folder_that_contains_itself_is_entered_once(self, tmp_path: Path) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "a" / "s1.jsonl", session("s1", 1))
        (folder / "a" / "loop").symlink_to(folder)
        summary = harvest_into(vault, folder)
        assert (summary.sources.read, summary.sources.failed) == (1, 0)

    def test_a_link_to_itself_is_named(self, tmp_path: Path) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "s1.jsonl", session("s1", 1))
        (folder / "knot.jsonl").symlink_to(folder / "knot.jsonl")
        summary = harvest_into(vault, folder)
        assert (summary.sources.read, summary.sources.failed, summary.exit_code) == (1, 1, 4)
        assert summary.unusable[0].path.endswith("knot.jsonl")
        assert "symbolic links" in summary.unusable[0].reason

    @pytest.mark.parametrize("named", [True, False])
    def test_a_link_that_leads_nowhere_is_named(self, tmp_path: Path, named: bool) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "s1.jsonl", session("s1", 1))
        link = folder / "dangling.jsonl"
        link.symlink_to(folder / "missing.jsonl")
        summary = harvest_into(vault, folder, *([link] if named else []))
        assert summary.exit_code == 4
        assert {item.path for item in summary.unusable} == {str(link)}
        assert one(vault, "SELECT count(*) FROM executions") == 1

    def test_a_pipe_does_not_hang_it(self, tmp_path: Path) -> None:
        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "s1.jsonl", session("s1", 1))
        os.mkfifo(folder / "pipe.jsonl")
        assert harvest_into(vault, folder).exit_code == 0
        summary = harvest_into(vault, folder / "pipe.jsonl")
        assert summary.exit_code == 4
        assert "not a regular file" in summary.unusable[0].reason

    def test_a_file_that_vanishes_meanwhile(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from soma.harvester import run

        folder, vault = tmp_path / "t", tmp_path / "vault"
        write(folder / "s1.jsonl", session("s1", 1))
        gone = write(folder / "s2.jsonl", session("s2", 1))
        original = run.Run.read

        def read(self: run.Run, candidates: list[object]) -> None:
            gone.unlink()
            original(self, candidates)  # type: ignore[arg-type]

        monkeypatch.setattr(run.Run, "read", read)
        summary = harvest_into(vault, folder)
        assert summary.exit_code == 4
        assert "No such file" in summary.unusable[0].reason
        assert_whole(vault)

    def test_names_that_are_no_text_stay_apart(self, tmp_path: Path) -> None:
        folder, vault = os.fsencode(tmp_path / "t"), tmp_path / "vault"
        os.mkdir(folder)
        for number, name in enumerate((b"\xff.jsonl", b"\xfe.jsonl", "ü\n\x1b[31m.jsonl".encode())):
            with open(os.path.join(folder, name), "w") as stream:
                stream.writelines(session(f"s{number}", 1))
        summary = harvest_into(vault, tmp_path / "t")
        assert (summary.sources.read, summary.executions, summary.exit_code) == (3, 3, 0)
        assert len(set(column(vault, "SELECT path FROM sources"))) == 3
        assert harvest_into(vault, tmp_path / "t").sources.unchanged == 3

    def test_paths_that_lead_nowhere_are_refused_before_anything_is_made(self, tmp_path: Path) -> None:
        vault = tmp_path / "vault"
        write(tmp_path / "s1.jsonl", session("s1", 1))
        for path in (tmp_path / "missing", tmp_path / "*.nothing"):
            with pytest.raises(UsageError, match="no file, folder or match"):
                harvest_into(vault, tmp_path / "s1.jsonl", path)
        assert not vault.exists()

    def test_the_vault_itself_is_no_source(self, tmp_path: Path) -> None:
        write(tmp_path / "t" / "s1.jsonl", session("s1", 1))
        for name in (".soma", "elsewhere"):
            vault = tmp_path / "t" / name
            harvest_into(vault, tmp_path / "t")
            assert harvest_into(vault, tmp_path / "t").sources.read == 0
            assert (
                one(
                    vault,
                    "SELECT count(*) FROM sources WHERE path NOT LIKE '%s1.jsonl' AND path LIKE '%' || ? || '%'",
                    name,
                )
                == 0
            )


def _breaking(adapter: Adapter, **parts: object) -> tuple[Adapter, ...]:
    broken = msgspec.structs.replace(adapter, **parts)
    return tuple(broken if one.name == adapter.name else one for one in registry.adapters())


class TestAnAdapterThatBreaks:
    """A format from elsewhere may do anything; a thousand other sources must not suffer for it."""

    @pytest.fixture
    def folder(self, tmp_path: Path, fixtures: Path) -> Path:
        write(tmp_path / "t" / "s1.jsonl", session("s1", 2))
        (tmp_path / "t" / "trace.json").write_bytes((fixtures / "otel" / "any-agent-google.json").read_bytes())
        return tmp_path / "t"

    @pytest.mark.parametrize("part", ["sniff", "read", "map", "context", "companions"])
    @pytest.mark.parametrize(
        "error", [ZeroDivisionError("x"), SourceError("cannot be decrypted", hint="ask for the key")]
    )
    def test_wherever_it_breaks_the_rest_is_committed(
        self, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception
    ) -> None:
        original = registry.adapter_named("otel")

        def broken(*arguments: object) -> Iterator[Yield]:
            # Sniffing sees every file: there it breaks on its own only.
            if part == "sniff" and "trace" not in arguments[0].name:  # type: ignore[attr-defined]
                return None  # type: ignore[return-value]
            raise error

        use_adapters(monkeypatch, _breaking(original, **{part: broken}))
        vault = tmp_path / "vault"
        summary = harvest_into(vault, folder)
        assert (summary.sources.read, summary.sources.failed, summary.exit_code) == (1, 1, 4)
        reason = summary.unusable[0].reason
        assert "ZeroDivisionError" in reason if isinstance(error, ZeroDivisionError) else "ask for the key" in reason
        assert one(vault, "SELECT execution_id FROM executions") == "cc:s1"
        written = listing(vault)
        assert harvest_into(vault, folder).sources.failed == 1
        assert listing(vault) == written
        assert_whole(vault)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"agent_id": None}, {"agent_id": 7}, {"started_at": "yesterday"}, {"score": "high"}, {"success": "yes"},
            {"tokens_in": 1.5}, {"labels": {"a": None}}, {"task_text": b"bytes"}, {"started_at": 10**30},
            {"decisions": [DecisionDraft(tool="t", duration_ms="long")]},  # type: ignore[arg-type]
            {"decisions": [DecisionDraft(tool="t", turn=-(10**20))]},
            {"decisions": [DecisionDraft(tool="t", confidence=10**400)]},
            {"decisions": [DecisionDraft(tool=None)]},  # type: ignore[arg-type]
            {"decisions": [None]},
            {"execution_id": None},
        ],
        ids=repr,
    )  # fmt: skip
    def test_values_that_fit_no_column_fail_their_source_only(
        self, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object]
    ) -> None:
        original = registry.adapter_named("otel")

        def mapped(records: object) -> Iterator[ExecutionDraft]:
            for draft in original.map(records):  # type: ignore[arg-type]
                if isinstance(draft, ExecutionDraft):
                    yield msgspec.structs.replace(draft, **wrong)

        use_adapters(monkeypatch, _breaking(original, map=mapped))
        vault = tmp_path / "vault"
        summary = harvest_into(vault, folder)
        assert (summary.sources.read, summary.sources.failed) in {(1, 1), (2, 0)}
        assert one(vault, "SELECT decisions FROM executions WHERE execution_id = 'cc:s1'") == 2
        assert_whole(vault)

    def test_relatives_that_only_fail_together_keep_what_the_vault_holds(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = registry.adapter_named("claude-code")
        vault, folder = tmp_path / "vault", tmp_path / "t"
        write(folder / "a.jsonl", session("s1", 2))
        harvest_into(vault, folder)

        # The copy alone can be read; together with the first file it cannot.
        def together(records: object) -> Iterator[Yield]:
            chained = list(records)  # type: ignore[call-overload]
            if len({record.source.source_id for record in chained}) > 1:
                raise ArithmeticError
            yield from original.map(chained)

        write(folder / "b.jsonl", session("s1", 3))
        with monkeypatch.context() as patched:
            use_adapters(patched, _breaking(original, map=together))
            summary = harvest_into(vault, folder)
        assert summary.exit_code == 4
        assert one(vault, "SELECT decisions FROM executions") == 2
        assert_whole(vault)
        assert harvest_into(vault, folder).exit_code == 0
        assert one(vault, "SELECT decisions FROM executions") == 3
        assert_like_scratch(vault, folder)

    def test_a_record_too_long_or_too_many_decisions_go_to_quarantine(self, tmp_path: Path) -> None:
        vault, folder = tmp_path / "vault", tmp_path / "t"
        write(folder / "s1.jsonl", session("s1", 6))
        write(folder / "s2.jsonl", session("s2", 2))
        summary = harvest_into(vault, folder, limits=Limits(decisions=4))
        assert summary.quarantined == 1
        assert one(vault, "SELECT reason FROM quarantine") == "one execution of more than 4 decisions"
        assert column(vault, "SELECT execution_id FROM executions") == ["cc:s2"]
        # Another limit is another way to read: nothing of before is taken for done.
        assert harvest_into(vault, folder).sources.changed == 2
        assert one(vault, "SELECT count(*) FROM quarantine") == 0
        assert_like_scratch(vault, folder)


def test_quarantine_names_the_record_to_the_byte(tmp_path: Path) -> None:
    lines = session("s1", 3)
    bad = '{"type": "user", "uuid": \n'
    vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", [*lines[:3], bad, *lines[3:]])
    summary = harvest_into(vault, path)
    assert summary.quarantined == 1
    row = VaultRoot(vault).snapshot().sql("SELECT * FROM quarantine").to_pylist()[0]
    data = path.read_bytes()
    assert data[row["source_offset"] : row["source_offset"] + row["source_length"]].decode().strip() == bad.strip()
    assert one(vault, "SELECT count(*) FROM decisions") == 3
    assert one(vault, "SELECT quarantined FROM sources") == 1
    append(path, session("s1", 4)[7:])
    touch(path)
    harvest_into(vault, path)
    assert one(vault, "SELECT count(*) FROM quarantine") == 1
    assert_like_scratch(vault, path)
