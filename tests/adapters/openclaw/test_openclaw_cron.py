"""Cron run logs, and the files beside sessions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.openclaw import ADAPTER
from soma.identity import qualified
from tests.adapters.reading import run, source_of

from .sessions import Script, read_folder, transcripts, write_lines

HOME = "openclaw/run-2026.4.26"
JOB = {"id": "j1", "name": "check", "agentId": "auditor", "sessionTarget": "isolated", "schedule": {"kind": "every"},
       "payload": {"kind": "agentTurn", "message": "value the stock"}}  # fmt: skip


def cron_log(home: Path, *lines: dict[str, Any], job: dict[str, Any] | None = None) -> Path:
    if job is not None:
        write_lines(home / "cron/jobs.json", [{"version": 1, "jobs": [{"id": "other"}, job]}])
    base = {
        "ts": 1_795_216_664_449,
        "jobId": "j1",
        "action": "finished",
        "runAtMs": 1_795_216_644_317,
        "durationMs": 20_127,
    }
    return write_lines(home / "cron/runs/j1.jsonl", [{**base, **line} for line in lines])


def test_runs_and_transcripts_meet_by_session(fixtures: Path) -> None:
    out = read_folder(fixtures / HOME)
    runs = [draft for draft in out.executions if draft.labels.get("record") == "run-log"]
    assert len(runs) == 5 and len(transcripts(out)) == 17
    sessions = {draft.session_id: draft for draft in transcripts(out)}
    for draft in runs:
        assert draft.decisions == []
        twin = sessions[draft.session_id]
        assert (twin.task_id, twin.agent_id, twin.task_text) == (draft.task_id, draft.agent_id, draft.task_text)
        assert (twin.labels["trigger"], twin.labels["job"]) == (draft.labels["trigger"], draft.labels["job"])
        assert twin.status == draft.status


def test_a_finished_isolated_run(tmp_path: Path) -> None:
    path = cron_log(
        tmp_path, {"status": "ok", "sessionId": "s1", "usage": {"input_tokens": 7, "output_tokens": 3}}, job=JOB
    )
    (draft,) = run(ADAPTER, path).executions
    assert draft.execution_id == qualified("oc", "cron:j1:1795216644317")
    assert (draft.session_id, draft.agent_id, draft.task_id) == ("s1", "auditor", "cron:j1")
    assert (draft.task_text, draft.status, draft.success) == ("value the stock", "completed", None)
    assert draft.labels == {"record": "run-log", "trigger": "cron", "cron_status": "ok", "job": "check"}
    assert (draft.tokens_in, draft.tokens_out) == (7, 3)


@pytest.mark.parametrize(
    ("job", "line", "status"),
    [
        (JOB, {"status": "error", "error": "boom"}, "failed"),
        (JOB, {"status": "skipped"}, "unknown"),
        ({**JOB, "sessionTarget": "main"}, {"status": "ok", "sessionId": "s1"}, "unknown"),
        ({**JOB, "payload": {"kind": "systemEvent", "text": "wake"}}, {"status": "error"}, "unknown"),
        (None, {"status": "ok"}, "unknown"),
        (None, {"status": "ok", "sessionKey": "agent:main:cron:j1:run:s1"}, "completed"),
    ],
)
def test_only_runs_of_an_agent_have_a_status(tmp_path: Path, job: Any, line: dict[str, Any], status: str) -> None:
    (draft,) = run(ADAPTER, cron_log(tmp_path, line, job=job)).executions
    assert draft.status == status
    assert draft.labels["cron_status"] == line["status"]
    assert draft.error == line.get("error")


def test_lines_that_are_no_finished_run(tmp_path: Path) -> None:
    path = cron_log(tmp_path, {"status": "ok"}, {"action": "started"}, {"jobId": 7}, {"runAtMs": "soon", "ts": None})
    out = run(ADAPTER, path)
    assert len(out.executions) == 1
    assert [damage.reason for damage in out.damage] == ["cron run without a job or a time"] * 2


def test_the_job_is_the_whole_context(tmp_path: Path) -> None:
    path = cron_log(tmp_path, {"status": "ok"}, job=JOB)
    before = source_of(ADAPTER, path).context
    jobs = json.loads((tmp_path / "cron/jobs.json").read_text())
    jobs["jobs"][0]["name"], jobs["jobs"][1]["state"] = "renamed", {"nextRunAtMs": 1}
    (tmp_path / "cron/jobs.json").write_text(json.dumps(jobs))
    assert source_of(ADAPTER, path).context == before
    assert before["job"] == {"id": "j1", "name": "check", "agentId": "auditor", "sessionTarget": "isolated",
                             "payloadKind": "agentTurn", "text": "value the stock"}  # fmt: skip


def test_the_session_index_tells_agent_parent_and_end(fixtures: Path) -> None:
    child = fixtures / HOME / "agents/main/sessions/0233e1e5-ae33-4755-a3eb-727338dc21b3.jsonl"
    source = source_of(ADAPTER, child)
    assert source.context["session"] == {
        "key": "agent:main:subagent:d525fbcb-62b3-434f-98be-a894bccec829", "status": "done", "endedAt": 1795216584539,
        "spawnedBy": "agent:main:explicit:s-spawn2", "spawnDepth": 1, "label": "stock-valuer",
        "parentSessionId": "s-spawn2"}  # fmt: skip
    assert ADAPTER.companions(source) == ["sessions.json"]
    (draft,) = run(ADAPTER, child).executions
    assert (draft.parent_execution_id, draft.agent_id, draft.status) == ("oc:s-spawn2", "main", "completed")
    assert (draft.task_text, draft.labels["trigger"]) == (None, "subagent")


def test_what_other_sessions_do_changes_nothing(tmp_path: Path, fixtures: Path) -> None:
    folder = tmp_path / "agents/main/sessions"
    shutil.copytree(fixtures / HOME / "agents/main/sessions", folder)
    paths = sorted(folder.glob("*.jsonl"))
    before = [source_of(ADAPTER, path).context for path in paths]
    index = json.loads((folder / "sessions.json").read_text())
    for entry in index.values():
        entry.update(updatedAt=entry["updatedAt"] + 5, totalTokens=1, lastInteractionAt=2)
    index["agent:main:main"] = {"sessionId": "new", "updatedAt": 3, "status": "running"}
    (folder / "sessions.json").write_text(json.dumps(index))
    assert [source_of(ADAPTER, path).context for path in paths] == before


@pytest.mark.parametrize(
    ("ended", "status"), [(None, "failed"), (1_795_215_530_000, "failed"), (1_795_215_400_000, "completed")]
)
def test_an_index_older_than_the_last_answer_is_not_believed(tmp_path: Path, ended: int | None, status: str) -> None:
    script = Script("s1")
    script.user("go")
    script.answer("done")
    path = script.write(tmp_path / "s1.jsonl")
    index = {"agent:x:main": {"sessionId": "s1", "updatedAt": 1, "status": "failed", "endedAt": ended}}
    (tmp_path / "sessions.json").write_text(json.dumps(index))
    (draft,) = run(ADAPTER, path).executions
    assert (draft.status, draft.agent_id) == (status, "x")


def test_a_parent_key_that_moved_on_names_no_parent(tmp_path: Path) -> None:
    script = Script("kid")
    script.user("go")
    path = script.write(tmp_path / "kid.jsonl")
    index = {
        "agent:x:main": {"sessionId": "new", "sessionStartedAt": 9},
        "agent:x:subagent:1": {"sessionId": "kid", "sessionStartedAt": 5, "spawnedBy": "agent:x:main"},
    }
    (tmp_path / "sessions.json").write_text(json.dumps(index))
    (draft,) = run(ADAPTER, path).executions
    assert (draft.parent_execution_id, draft.labels["trigger"]) == (None, "subagent")


@pytest.mark.parametrize("data", ["", "[]", "{", '{"a": 1}', '{"agent:x:main": {"sessionId": ["s1"]}}', "\ufeff{}"])
def test_a_broken_index_is_no_index(tmp_path: Path, data: str) -> None:
    script = Script("s1")
    script.user("go")
    path = script.write(tmp_path / "agents/bob/sessions/s1.jsonl")
    path.with_name("sessions.json").write_text(data)
    (draft,) = run(ADAPTER, path).executions
    assert (draft.agent_id, draft.status) == ("bob", "unknown")
