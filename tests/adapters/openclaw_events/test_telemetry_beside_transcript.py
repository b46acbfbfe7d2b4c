"""A telemetry log beside the transcript of its session: with a session id the run counts once, else it cannot."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from soma import Vault

TRANSCRIPT = "openclaw/run-2026.4.26/agents/main/sessions/s-unknown.jsonl"
SEEN = "SELECT execution_id, session_id, labels['record'] AS record FROM executions ORDER BY execution_id"


def telemetry(path: Path, **more: Any) -> Path:
    key = {"sessionKey": "agent:main:main", **more}
    events = [
        {"type": "agent.start", "prompt": "look", "ts": 1_770_000_000_000, **key},
        {"type": "tool.start", "toolName": "exec", "params": {"command": "ls"}, "ts": 1_770_000_001_000, **key},
        {"type": "tool.end", "toolName": "exec", "success": True, "durationMs": 5, "ts": 1_770_000_001_005, **key},
        {"type": "agent.end", "success": True, "durationMs": 9, "ts": 1_770_000_002_000, **key},
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def test_with_the_session_id_the_transcript_alone_counts(fixtures: Path, tmp_path: Path) -> None:
    transcript = fixtures / TRANSCRIPT
    alone = Vault(tmp_path / "alone")
    alone.harvest([transcript], jobs=1)
    expected = alone.sql(SEEN).to_pylist()
    session_id = expected[0]["session_id"]
    log = telemetry(tmp_path / "log.jsonl", sessionId=session_id)
    for number, order in enumerate(itertools.permutations([transcript, log])):
        vault = Vault(tmp_path / str(number))
        for path in order:
            vault.harvest([path], jobs=1)
        assert vault.sql(SEEN).to_pylist() == expected
    kept = Vault(tmp_path / "kept")
    kept.harvest([log], jobs=1)
    assert [(row["session_id"], row["record"]) for row in kept.sql(SEEN).to_pylist()] == [(session_id, "run-log")]


def test_a_session_key_alone_matches_nothing(fixtures: Path, tmp_path: Path) -> None:
    """The key ``agent:main:main`` is that of every session an agent ever had, so no transcript may be taken for it."""
    vault = Vault(tmp_path / "vault")
    vault.harvest([fixtures / TRANSCRIPT, telemetry(tmp_path / "log.jsonl")], jobs=1)
    records = [row["record"] for row in vault.sql(SEEN).to_pylist()]
    assert records.count("run-log") == 1 and len(records) > 1
