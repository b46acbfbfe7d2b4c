"""Which files are OpenClaw's, and which part of an installation each one is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.blocks.head import Head
from soma.adapters.openclaw import ADAPTER
from soma.adapters.openclaw.companions import stem
from tests.adapters.reading import sniff

from .sessions import Script, call, write_lines


def seen(path: Path) -> tuple[str, str] | None:
    match = sniff(ADAPTER, path)
    return (match.variant, match.use) if match else None


def test_an_installation(fixtures: Path) -> None:
    home = fixtures / "openclaw/run-2026.4.26"
    found = {str(path.relative_to(home)): seen(path) for path in home.rglob("*") if path.is_file()}
    sessions = [name for name in found if "/sessions/" in name and name.endswith(".jsonl")]
    assert len(sessions) == 17 and {found.pop(name) for name in sessions} == {("v3", "read")}
    assert found == {
        "agents/auditor/sessions/sessions.json": ("sessions", "companion"),
        "agents/main/sessions/sessions.json": ("sessions", "companion"),
        "cron/jobs.json": ("cron-jobs", "companion"),
        "cron/jobs-state.json": ("cron-state", "companion"),
        "cron/runs/4fe4aaf1-83f5-41df-b43c-e9df4d0c9c58.jsonl": ("cron-runs", "read"),
        "cron/runs/fd0eed99-da97-4265-96a3-5e6040a43027.jsonl": ("cron-runs", "read"),
        "subagents/runs.json": ("subagents", "companion"),
    }


def test_pi_sessions(fixtures: Path) -> None:
    assert seen(fixtures / "openclaw/pi-v1/large-session.jsonl") == ("v1", "read")
    assert seen(fixtures / "openclaw/pi-v3/agent-history-session-01.jsonl") == ("v3", "read")


@pytest.mark.corpus
def test_no_other_format_is_taken(corpus: Path) -> None:
    taken = [
        path for path in corpus.rglob("*") if path.is_file() and "openclaw" not in path.parts and sniff(ADAPTER, path)
    ]
    assert taken == []


@pytest.mark.corpus
def test_sidecars_and_telemetry_are_left_to_others(corpus: Path) -> None:
    paths = [*(corpus / "openclaw").rglob("*.trajectory.jsonl"), *(corpus / "openclaw/telemetry").glob("*"),
             *(corpus / "openclaw").rglob("events.jsonl")]  # fmt: skip
    assert len(paths) == 8
    assert [sniff(ADAPTER, path) for path in paths] == [None] * 8


@pytest.mark.parametrize(
    "record",
    [
        {"type": "message", "uuid": "u", "sessionId": "s", "timestamp": "2026-01-01T00:00:00Z",
         "message": {"role": "assistant", "content": [{"type": "tool_use"}]}},
        {"type": "session", "id": "s"},
        {"type": "message", "message": {"role": "user", "content": "hi"}},
        {"type": "message", "timestamp": "2026-01-01T00:00:00Z", "message": ["toolResult"]},
        {"traceSchema": "openclaw-trajectory", "type": "session.started", "sessionId": "s"},
        {"type": "tool.start", "sessionKey": "agent:main:main", "toolName": "exec"},
        {"jobId": "j"},
        {},
    ],
)  # fmt: skip
def test_lines_that_look_alike(tmp_path: Path, record: dict[str, Any]) -> None:
    assert sniff(ADAPTER, write_lines(tmp_path / "x.jsonl", [record, record])) is None


def test_the_pointer_to_a_sidecar_is_an_index(tmp_path: Path) -> None:
    pointer = {"traceSchema": "openclaw-trajectory-pointer", "schemaVersion": 1, "sessionId": "s", "runtimeFile": "/x"}
    assert seen(write_lines(tmp_path / "s.trajectory-path.json", [pointer])) == ("trajectory-path", "companion")


def test_a_backup_is_a_copy_only_beside_its_session(tmp_path: Path) -> None:
    script = Script("s1")
    script.user("go")
    script.answer(call("c1"))
    backup = script.write(tmp_path / "s1.jsonl.bak-93-1795215521")
    assert seen(backup) == ("v3", "read")
    script.write(tmp_path / "s1.jsonl")
    assert seen(backup) == ("v3", "copy")
    assert seen(tmp_path / "s1.jsonl") == ("v3", "read")


def test_a_lone_header_is_a_guess(tmp_path: Path) -> None:
    match = sniff(ADAPTER, Script("s1").write(tmp_path / "s1.jsonl"))
    assert match is not None and match.confidence == 0.5


def test_a_long_first_message_does_not_hide_the_format() -> None:
    header = json.dumps({"type": "session", "version": 3, "id": "s", "timestamp": "2026-01-01T00:00:00Z", "cwd": "/"})
    data = (header + "\n" + '{"type":"message","message":{"role":"user","content":"' + "x" * 400_000).encode()
    match = ADAPTER.sniff(Head("s.jsonl", len(data) + 10, data))
    assert match is not None and match.variant == "v3"


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("s1.jsonl", "s1"),
        ("s1.jsonl.zst", "s1"),
        ("s1.jsonl.bak-1-2", "s1"),
        ("s1.jsonl.deleted.2026-05-05T14-56-23.713Z", "s1"),
        ("2025-12-09T00-52-54-397Z_d97339c6-6c10.jsonl", "d97339c6-6c10"),
        ("odd name", "odd name"),
    ],
)
def test_session_ids_in_file_names(name: str, session: str) -> None:
    assert stem(name) == session
