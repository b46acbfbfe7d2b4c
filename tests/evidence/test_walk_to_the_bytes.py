"""From findings, runs and decisions down to the bytes of real traces, and what is said when something was changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from soma import codec
from soma.errors import NothingFound
from soma.evidence import Evidence, walk
from soma.evidence.explain import render
from soma.harvester.harvest import Options, harvest
from soma.harvester.redact import Redactor
from soma.schema import PROPOSALS
from soma.synthesizer.jobs import divergence, insights
from soma.synthesizer.jobs.insights.model import DAY
from soma.synthesizer.synthesize import synthesize
from soma.vault import Snapshot, VaultRoot
from soma.vault.writer import Changes
from tests.jobs.whole import said, shown

NOW = 20_000 * DAY
FORMATS = ("agentflow", "claude-code", "codex", "gemini-cli", "inspect", "langchain", "langfuse", "openai-agents",
           "openclaw", "otel", "swe-agent", "atif")  # fmt: skip


def read_in(root: VaultRoot, *folders: Path) -> None:
    harvest([str(folder) for folder in folders], root, Options(jobs=1))


def ask(root: VaultRoot, identity: str, limit: int = 5, snapshot: Snapshot | None = None) -> Evidence:
    return walk(snapshot or root.snapshot(), identity, key=root.key(), redactor=Redactor(root.key()), limit=limit)


@pytest.fixture(scope="module")
def made(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real traces with their vault, over which the jobs ran."""
    place = tmp_path_factory.mktemp("evidence")
    for agent in ("gpt-4", "starchat"):
        shutil.copytree(fixtures / "generic" / "intercode" / agent, place / "traces" / agent)
    shutil.copytree(fixtures / "openclaw", place / "traces" / "openclaw")
    root = VaultRoot(place / "vault")
    read_in(root, place / "traces")
    synthesize(root, now=NOW)
    return place


@pytest.fixture
def root(made: Path) -> VaultRoot:
    return VaultRoot(made / "vault")


@pytest.fixture
def claude(fixtures: Path, tmp_path: Path) -> tuple[VaultRoot, Path]:
    """One session that may be changed, and its vault."""
    path = tmp_path / "traces" / "session.jsonl"
    path.parent.mkdir()
    shutil.copy(fixtures / "openclaw" / "pi-v1" / "large-session.jsonl", path)
    root = VaultRoot(tmp_path / "vault")
    read_in(root, path.parent)
    return root, path


def some_decision(root: VaultRoot, at: int = 3) -> dict[str, object]:
    rows = root.snapshot().sql("SELECT * FROM decisions WHERE arguments_digest IS NOT NULL ORDER BY execution_id, step")
    row: dict[str, object] = rows.slice(at, 1).to_pylist()[0]
    return row


def test_a_finding_rests_on_records_that_are_shown_and_on_a_number_that_comes_out_again(root: VaultRoot) -> None:
    snapshot = root.snapshot()
    known = insights.known(snapshot)
    assert known
    for item in known:
        found = ask(root, item.insight_id, snapshot=snapshot)
        assert found.again.outcome == "equal", item.claim
        assert {figure.name for figure in found.again.figures} >= {"estimate", "low", "high", "support"}
        assert not found.broken
        assert found.states == {"intact": len(item.evidence)}
        assert all(record.text for record in found.records)
        assert found.steps[-1].id == item.insight_id


def test_a_divergence_is_walked_likewise(root: VaultRoot) -> None:
    pair = divergence.run(root.snapshot()).pairs[0]
    found = ask(root, pair.divergence_id)
    assert (found.kind, found.again.outcome, found.broken) == ("divergence", "equal", False)
    by_name = {figure.name: figure.now for figure in found.again.figures}
    assert by_name["first: of"] == pair.first.outcome.total


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_finds_its_records_again(format_: str, fixtures: Path, tmp_path: Path) -> None:
    """Plain files, pages of databases, members of archives and protobuf messages: each by its own kind of place."""
    root = VaultRoot(tmp_path / "vault")
    read_in(root, fixtures / format_)
    before = {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
              for path in (fixtures / format_).rglob("*") if path.is_file()}  # fmt: skip
    snapshot = root.snapshot()
    executions = snapshot.sql("SELECT execution_id FROM executions ORDER BY execution_id")
    seen = 0
    for execution_id in executions["execution_id"].to_pylist():
        found = ask(root, execution_id, limit=2, snapshot=snapshot)
        assert set(found.states) <= {"intact", "no bytes"}, (execution_id, found.states)
        assert found.again.outcome == "equal" and not found.broken
        seen += found.states.get("intact", 0)
    assert seen
    after = {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
             for path in (fixtures / format_).rglob("*") if path.is_file()}  # fmt: skip
    assert after == before, "evidence reads; it writes nothing, beside a source neither"


def test_what_is_shown_is_the_record_and_not_its_neighbour(claude: tuple[VaultRoot, Path]) -> None:
    root, path = claude
    row = some_decision(root)
    record = ask(root, str(row["decision_id"])).records[0]
    line = path.read_bytes()[record.offset : record.offset + record.length]
    assert line.endswith(b"\n") and codec.decode(line)["type"] == "message"
    assert record.text[:200] == line.decode()[:200]
    assert str(row["decision_id"]).split("#")[1].split("~")[0].encode() in line


def test_a_file_that_grew_still_holds(claude: tuple[VaultRoot, Path]) -> None:
    root, path = claude
    with path.open("ab") as stream:
        stream.write(b'{"type":"message"}\n')
    found = ask(root, str(some_decision(root)["decision_id"]))
    assert (found.sources[0].state, found.records[0].state, found.broken) == ("grown", "intact", False)


def test_a_changed_record_breaks_the_chain_and_its_neighbours_are_confirmed(claude: tuple[VaultRoot, Path]) -> None:
    root, path = claude
    row = some_decision(root)
    data = bytearray(path.read_bytes())
    start, length = int(str(row["source_offset"])), int(str(row["source_length"]))
    record = bytes(data[start : start + length])
    at = record.index(b'"arguments":{"') + len(b'"arguments":{"')
    data[start + at] ^= 0x01
    path.write_bytes(bytes(data))
    found = ask(root, str(row["decision_id"]))
    assert (found.sources[0].state, found.records[0].state, found.broken) == ("changed", "changed", True)
    other = ask(root, str(some_decision(root, at=20)["decision_id"]))
    assert (other.records[0].state, other.broken) == ("confirmed", False)


def test_a_shorter_and_a_missing_file_are_told_apart(claude: tuple[VaultRoot, Path]) -> None:
    root, path = claude
    identity = str(some_decision(root, at=20)["decision_id"])
    data = path.read_bytes()
    path.write_bytes(data[:2000])
    found = ask(root, identity)
    assert (found.sources[0].state, found.records[0].state, found.broken) == ("changed", "gone", True)
    assert "2,000 bytes" in found.sources[0].why
    path.unlink()
    found = ask(root, identity)
    assert (found.sources[0].state, found.records[0].state, found.broken) == ("gone", "gone", True)
    assert "The chain is broken." in said(shown(render(found)))


def test_a_pipe_in_place_of_a_source_is_not_waited_for(claude: tuple[VaultRoot, Path]) -> None:
    root, path = claude
    identity = str(some_decision(root)["decision_id"])
    path.unlink()
    os.mkfifo(path)
    assert ask(root, identity).sources[0].state == "unreadable"


def test_rows_of_a_database_are_compared_one_by_one(fixtures: Path, tmp_path: Path) -> None:
    path = tmp_path / "traces" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    path.parent.mkdir(parents=True)
    shutil.copy(fixtures / "openclaw/run-2026.9.6/agents/main/agent/openclaw-agent.sqlite", path)
    root = VaultRoot(tmp_path / "vault")
    read_in(root, tmp_path / "traces")
    rows = (
        root.snapshot()
        .sql(
            """SELECT d.decision_id, d.source_offset, e.session_id FROM decisions AS d JOIN executions AS e
        USING (execution_id) WHERE arguments_digest IS NOT NULL ORDER BY d.execution_id, step"""
        )
        .to_pylist()
    )
    changed, deleted, kept = (rows[0], rows[2], rows[-1])
    with closing(sqlite3.connect(path)) as connection, connection:
        place = "WHERE session_id = ? AND seq = ?"
        connection.execute(
            f"UPDATE transcript_events SET event_json = event_json || ' ' {place}",
            (kept["session_id"], kept["source_offset"]),
        )
        connection.execute(
            f"UPDATE transcript_events SET event_json = replace(event_json, 'command', 'c0mmand') {place}",
            (changed["session_id"], changed["source_offset"]),
        )
        connection.execute(f"DELETE FROM transcript_events {place}", (deleted["session_id"], deleted["source_offset"]))
    states = {row["decision_id"]: ask(root, row["decision_id"]).records[0].state for row in (changed, deleted, kept)}
    assert states[deleted["decision_id"]] == "gone"
    # As many bytes as before, but another call: that much a database does not prove.
    assert states[changed["decision_id"]] == "unproven"
    assert states[kept["decision_id"]] == "confirmed"


def tampered(made: Path, tmp_path: Path) -> tuple[VaultRoot, dict[str, object]]:
    """A copy of the vault in which one finding rests on one execution more than it does, and that finding as it was."""
    shutil.copytree(made / "vault", tmp_path / "vault")
    root = VaultRoot(tmp_path / "vault")
    row: dict[str, object] = root.snapshot().sql("SELECT * FROM proposals ORDER BY insight_id LIMIT 1").to_pylist()[0]
    changes = Changes()
    other = pa.Table.from_pylist([row | {"support": int(str(row["support"])) + 1}], schema=PROPOSALS.arrow())
    changes.add(PROPOSALS, "insight_id", {str(row["insight_id"])}, other)
    with root.writer() as writer:
        writer.commit(changes, role="synthesizer")
    return root, row


def test_a_number_that_was_tampered_with_is_found(made: Path, tmp_path: Path) -> None:
    root, row = tampered(made, tmp_path)
    found = ask(root, str(row["insight_id"]))
    assert (found.again.outcome, found.broken) == ("changed", True)
    (wrong,) = [figure for figure in found.again.figures if not figure.equal]
    assert (wrong.name, wrong.kept, wrong.now) == ("support", int(str(row["support"])) + 1, row["support"])


def test_a_number_older_than_the_rows_is_outdated_which_breaks_nothing(
    made: Path, tmp_path: Path, fixtures: Path
) -> None:
    root, row = tampered(made, tmp_path)
    read_in(root, fixtures / "codex")
    found = ask(root, str(row["insight_id"]))
    assert (found.again.outcome, found.broken) == ("outdated", False)


def test_secrets_are_not_shown_wherever_json_hides_them(tmp_path: Path, fixtures: Path) -> None:
    source = (fixtures / "openclaw" / "pi-v1" / "large-session.jsonl").read_text().splitlines()
    lines = [codec.decode(line) for line in source]
    call = next(index for index, line in enumerate(lines) if '"toolCall"' in codec.encode(line))
    block = next(each for each in lines[call]["message"]["content"] if each.get("type") == "toolCall")
    inner = codec.encode({"password": "hunter2-is-mine"})
    block["arguments"] = {
        "command": "deploy",
        "apiKey": "k-0123456789abcdefXYZ",
        "body": codec.encode({"config": inner}),
    }
    path = tmp_path / "traces" / "s.jsonl"
    path.parent.mkdir()
    path.write_text("\n".join(codec.encode(line) for line in lines) + "\n")
    root = VaultRoot(tmp_path / "vault")
    read_in(root, path.parent)
    execution = root.snapshot().sql("SELECT execution_id FROM executions")["execution_id"][0].as_py()
    told = codec.encode(ask(root, execution, limit=500))
    assert "[REDACTED:" in told
    for secret in ("hunter2-is-mine", "k-0123456789abcdefXYZ"):
        assert secret not in told


def test_an_unknown_id_gets_the_nearest_ones(root: VaultRoot) -> None:
    item = insights.known(root.snapshot())[0]
    with pytest.raises(NothingFound) as refused:
        ask(root, item.insight_id[:-1] + "0")
    assert item.insight_id in (refused.value.hint or "")
    for odd in ("", "'; DROP TABLE executions; --", "../../etc/passwd", "\x1b[31m"):
        with pytest.raises(NothingFound):
            ask(root, odd)


def test_the_page_and_the_json_say_the_same(root: VaultRoot) -> None:
    item = insights.known(root.snapshot())[0]
    found = ask(root, item.insight_id, limit=1)
    page = said(shown(render(found)))
    assert "The chain holds." in page and item.insight_id in page
    data = msgspec.to_builtins(found)
    assert data["again"]["figures"][0].keys() == {"name", "kept", "now"}
    assert len(found.records) == 1
