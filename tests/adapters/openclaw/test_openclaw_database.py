"""Transcripts and cron runs in SQLite."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from soma.adapters.openclaw import ADAPTER
from soma.errors import SourceError
from soma.source import Limits, Record
from tests.adapters.reading import run, sniff, source_of

from .sessions import Script, call, outcomes

AGENT = "openclaw/run-2026.9.6/agents/main/agent/openclaw-agent.sqlite"
STATE = "openclaw/run-2026.9.6/state/openclaw.sqlite"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty agent database at ``agents/x/agent/openclaw-agent.sqlite``."""
    folder = tmp_path / "agents/x/agent"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "openclaw-agent.sqlite")) as connection:
        connection.execute("CREATE TABLE transcript_events (session_id, seq, event_json, event_zstd)")
        connection.execute(
            "CREATE TABLE session_windows (session_id, session_key, status, created_at, ended_at, spawned_by)"
        )
        yield connection


def path_of(database: sqlite3.Connection) -> Path:
    database.commit()
    return Path(database.execute("PRAGMA database_list").fetchone()[2])


def fill(database: sqlite3.Connection, session_id: str, script: Script) -> None:
    rows = [(session_id, number, json.dumps(entry), None) for number, entry in enumerate(script.entries)]
    database.executemany("INSERT INTO transcript_events VALUES (?, ?, ?, ?)", rows)


def test_sessions_of_a_real_database(fixtures: Path) -> None:
    out = run(ADAPTER, fixtures / AGENT)
    assert out.damage == []
    assert {name: outcomes(draft) for name, draft in out.by_id().items()} == {
        "oc:6c10f0f3-2c4b-473c-bbd8-17acc17ddc5b": ["exec:ok", "read:ok", "read:ok", "write:ok"],
        "oc:e66f40be-c569-43e3-93e0-319378f075d7": [],
        "oc:s9-edit": ["read:ok", "edit:ok", "exec:ok"],
        "oc:s9-loop": ["exec:failed"] * 4,
        "oc:s9-spawn": ["tool_search:ok", "sessions_spawn:ok"],
        "oc:s9-unknown": ["no_such_tool:failed"],
    }
    assert {draft.agent_id for draft in out.executions} == {"main"}
    assert {draft.status for draft in out.executions} == {"completed"}


def test_a_sub_agent_knows_its_parent_and_the_parent_whom_it_asked(fixtures: Path) -> None:
    drafts = run(ADAPTER, fixtures / AGENT).by_id()
    child, parent = drafts["oc:6c10f0f3-2c4b-473c-bbd8-17acc17ddc5b"], drafts["oc:s9-spawn"]
    assert child.parent_execution_id == parent.execution_id
    assert child.labels == {"trigger": "subagent", "spawn_label": "stock-valuer", "spawn_depth": "1"}
    assert child.task_text == "scenario inventory: value the stock"
    spawn = parent.decisions[1]
    assert (spawn.kind, spawn.action, spawn.tool) == ("delegation", "delegate:stock-valuer", "sessions_spawn")
    assert spawn.arguments == {"task": "scenario inventory: value the stock", "label": "stock-valuer", "mode": "run"}
    assert json.loads(spawn.output or "")["status"] == "accepted"


def test_a_cron_session_names_its_job(fixtures: Path) -> None:
    draft = run(ADAPTER, fixtures / AGENT).by_id()["oc:e66f40be-c569-43e3-93e0-319378f075d7"]
    assert draft.task_id == "cron:65a7dccc-783f-41be-9077-bb17e7f84658"
    assert draft.task_text == "scenario inventory: value the stock"
    assert draft.labels == {"trigger": "cron", "job": "stock-check"}


def test_compressed_rows_are_read(fixtures: Path) -> None:
    with closing(sqlite3.connect(f"file:{fixtures / AGENT}?mode=ro", uri=True)) as connection:
        (packed,) = connection.execute("SELECT count(*) FROM transcript_events WHERE event_json IS NULL").fetchone()
    assert packed == 2
    assert all(len(d.output or "") > 100 for d in run(ADAPTER, fixtures / AGENT).by_id()["oc:s9-spawn"].decisions)


def test_evidence_is_the_row(fixtures: Path) -> None:
    decision = run(ADAPTER, fixtures / AGENT).by_id()["oc:s9-spawn"].decisions[1]
    with closing(sqlite3.connect(f"file:{fixtures / AGENT}?mode=ro", uri=True)) as connection:
        (text,) = connection.execute(
            "SELECT event_json FROM transcript_events WHERE session_id = 's9-spawn' AND seq = ?", (decision.offset,)
        ).fetchone()
    assert (decision.native_id or "") in text
    assert decision.length == len(text.encode())


def test_reading_leaves_no_trace(tmp_path: Path, fixtures: Path) -> None:
    path = tmp_path / "openclaw-agent.sqlite"
    shutil.copyfile(fixtures / AGENT, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = hashlib.sha256(path.read_bytes()).digest()
    assert len(run(ADAPTER, path).executions) == 6
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_rows_still_in_the_write_ahead_log_are_read(database: sqlite3.Connection) -> None:
    script = Script("s1")
    script.answer(call("c1"))
    database.execute("PRAGMA journal_mode = WAL")
    fill(database, "s1", script)
    path = path_of(database)
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    (draft,) = run(ADAPTER, path).executions
    assert (draft.execution_id, draft.agent_id, outcomes(draft)) == ("oc:s1", "x", ["exec:unknown"])


def test_many_sessions_come_in_pages(database: sqlite3.Connection) -> None:
    for number in range(60):
        script = Script(f"s{number:02d}")
        script.user("go")
        for turn in range(number % 7):
            script.answer(call(f"c{turn}"))
        fill(database, f"s{number:02d}", script)
    drafts = run(ADAPTER, path_of(database)).by_id()
    assert {name: len(draft.decisions) for name, draft in drafts.items()} == {f"oc:s{n:02d}": n % 7 for n in range(60)}


def test_the_parent_is_the_session_behind_the_key_at_that_time(database: sqlite3.Connection) -> None:
    for name in ("old", "new", "later", "child", "orphan"):
        script = Script(name)
        script.user("go")
        fill(database, name, script)
    database.executemany(
        "INSERT INTO session_windows VALUES (?, ?, 'done', ?, NULL, ?)",
        [("old", "agent:x:main", 1, None), ("new", "agent:x:main", 5, None), ("later", "agent:x:main", 9, None),
         ("child", "agent:x:subagent:1", 7, "agent:x:main"), ("orphan", "agent:x:subagent:2", 0, "agent:x:main")],
    )  # fmt: skip
    drafts = run(ADAPTER, path_of(database)).by_id()
    assert drafts["oc:child"].parent_execution_id == "oc:new"
    assert drafts["oc:orphan"].parent_execution_id is None
    assert drafts["oc:orphan"].labels["trigger"] == "subagent"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("failed", "failed"), ("killed", "failed"), ("timeout", "failed"), ("done", "completed"), ("running", "unknown"),
     (3, "unknown")],
)  # fmt: skip
def test_the_window_tells_how_a_silent_run_ended(database: sqlite3.Connection, status: object, expected: str) -> None:
    script = Script("s1")
    script.user("go")
    fill(database, "s1", script)
    database.execute("INSERT INTO session_windows VALUES ('s1', 'agent:x:main', ?, 1, NULL, NULL)", (status,))
    (draft,) = run(ADAPTER, path_of(database)).executions
    assert draft.status == expected


def test_bad_rows_are_damage(database: sqlite3.Connection) -> None:
    script = Script("s1")
    script.user("go")
    fill(database, "s1", script)
    bomb = zstandard.ZstdCompressor().compress(b" " * 5_000_000)
    for seq, row in enumerate([("{", None), (None, None), ("[1]", None), (None, b"no zstd"), (None, bomb), (7, 8)]):
        database.execute("INSERT INTO transcript_events VALUES ('s1', ?, ?, ?)", (10 + seq, *row))
    out = run(ADAPTER, path_of(database), limits=Limits(record_bytes=1_000_000))
    assert [damage.offset for damage in out.damage] == [10, 11, 12, 13, 14, 15]
    assert [draft.execution_id for draft in out.executions] == ["oc:s1"]


def test_nested_calls_of_one_wrapper_are_decisions_of_their_own(tmp_path: Path) -> None:
    """Only the call that a ``tool_call`` names is that decision already."""

    def nested(parent: str, number: int, tool: str, **details: object) -> dict[str, object]:
        return {"role": "custom", "customType": "openclaw.nested-tool.v1", "content": "",
                "details": {"parentToolCallId": parent, "toolCallId": f"{parent}:{number}", "toolName": tool,
                            "input": {"n": number}, "startedAt": 1_795_215_530_000, "timestamp": 1_795_215_530_250,
                            "isError": False, **details}}  # fmt: skip

    script = Script()
    script.answer(call("w1", "tool_call", id="openclaw:core:read", args={"n": 1}))
    script.message(nested("w1", 1, "read"))
    script.message(
        nested("w1", 2, "read", result={"content": [{"type": "text", "text": "x"}], "details": {"status": "error"}})
    )
    script.result("w1", "wrapped", "tool_call", details={"tool": {}, "result": {"details": {"status": "timeout"}}})
    script.answer(call("w2", "tool_search_code", code="..."))
    script.message(nested("w2", 3, "exec", isError=True))
    script.result("w2", "ran", "tool_search_code")
    (draft,) = run(ADAPTER, script.write(tmp_path / "s1.jsonl")).executions
    assert outcomes(draft) == ["read:timeout", "read:failed", "tool_search_code:ok", "exec:failed"]
    assert [decision.arguments for decision in draft.decisions][:2] == [{"n": 1}, {"n": 2}]
    assert draft.decisions[1].duration_ms == 250


def test_cron_runs_of_the_installation(fixtures: Path) -> None:
    out = run(ADAPTER, fixtures / STATE)
    assert len(out.by_id()) == 5
    assert {draft.labels["record"] for draft in out.executions} == {"run-log"}
    # A heartbeat only wakes the main session: that it was sent says nothing about the agent.
    assert {(draft.labels["job"], draft.status) for draft in out.executions} == {
        ("stock-check", "completed"),
        ("heartbeat-main", "unknown"),
    }
    linked = next(draft for draft in out.executions if draft.session_id == "e66f40be-c569-43e3-93e0-319378f075d7")
    assert (linked.task_id, linked.agent_id) == ("cron:65a7dccc-783f-41be-9077-bb17e7f84658", "main")
    assert (linked.tokens_in, linked.tokens_out, linked.labels["cron_status"]) == (3955, 12, "ok")
    assert (linked.ended_at or 0) - (linked.started_at or 0) == 1_499_000


@pytest.mark.parametrize("ddl", [
    "CREATE TABLE other (x)",
    "CREATE VIEW transcript_events AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c",
    "CREATE TABLE task_runs (task_id, child_session_key)",
])  # fmt: skip
def test_other_databases_are_refused(tmp_path: Path, ddl: str) -> None:
    path = tmp_path / "openclaw.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(ddl)
    with pytest.raises(SourceError, match="neither transcripts nor cron runs"):
        run(ADAPTER, path)


def test_a_cut_database_is_refused_or_breaks_off(tmp_path: Path, fixtures: Path) -> None:
    data = (fixtures / AGENT).read_bytes()
    for size in (16, 100, 5000, 40_000, 90_000):
        path = tmp_path / f"cut-{size}.sqlite"
        path.write_bytes(data[:size])
        source = source_of(ADAPTER, path)
        try:
            items = list(ADAPTER.read(source, Limits()))
        except SourceError as problem:
            assert problem.where == str(path)
        else:
            assert not all(isinstance(item, Record) for item in items)


def test_heads(fixtures: Path, tmp_path: Path) -> None:
    match = sniff(ADAPTER, fixtures / AGENT)
    assert match is not None and (match.confidence, match.variant, match.use) == (1.0, "sqlite", "read")
    match = sniff(ADAPTER, fixtures / STATE)
    assert match is not None and (match.variant, match.use) == ("sqlite-tasks", "read")
    stranger = tmp_path / "notes.sqlite"
    with closing(sqlite3.connect(stranger)) as connection:
        connection.execute("CREATE TABLE notes (x)")
    assert sniff(ADAPTER, stranger) is None
