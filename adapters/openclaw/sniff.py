"""Is this file OpenClaw's, and which part of an installation is it? Told from its first bytes."""

from __future__ import annotations

import re
from typing import Any

from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .packed import ZSTD_MAGIC, unpacked_head

SQLITE_MAGIC = b"SQLite format 3\x00"
_BACKUP = re.compile(r"^(?P<live>.+\.jsonl)\.bak-[^/\\]*$")
_STATE_CHANGES = frozenset(
    {"model_change", "thinking_level_change", "custom_message", "compaction", "session_info", "branch_summary"}
)
_PI_STOPS = frozenset({"stop", "toolUse", "length", "error", "aborted"})
_PI_BLOCKS = frozenset({"toolCall", "thinking"})


def sniff(head: Head) -> Match | None:
    """The claim on a file, or ``None``.

    Trajectory sidecars and telemetry logs are formats of their own and are not claimed.
    """
    if head.data.startswith(SQLITE_MAGIC):
        return _database(head)
    if head.data.startswith(ZSTD_MAGIC):
        plain = unpacked_head(head)
        match = _text(plain) if plain is not None else None
        return None if match is None or match.use != "read" else _packed(match)
    match = _text(head)
    if match is None or match.use != "read":
        return match
    backup = _BACKUP.match(head.name)
    if backup and backup["live"] in head.siblings:
        return Match(confidence=match.confidence, variant=match.variant, why="earlier state of the session beside it",
                     use="copy")  # fmt: skip
    return match


def _packed(match: Match) -> Match:
    return Match(confidence=match.confidence, variant=f"{match.variant}+zstd", why=f"zstd archive: {match.why}")


def _database(head: Head) -> Match | None:
    if b"transcript_events" in head.data:
        return Match(confidence=1.0, variant="sqlite", why="SQLite database with the table transcript_events")
    if b"session_nodes" in head.data:
        return Match(confidence=0.5, variant="sqlite", why="SQLite database with the table session_nodes")
    if b"task_runs" in head.data and b"child_session_key" in head.data:
        if b"detail_json" in head.data:
            return Match(confidence=1.0, variant="sqlite-tasks", why="SQLite database with the table task_runs")
        return Match(confidence=1.0, variant="tasks", why="task index without run details", use="companion")
    if head.name.startswith("openclaw") and ".sqlite" in head.name:
        return Match(confidence=0.5, variant="sqlite", why="SQLite database with OpenClaw's name")
    return None


def _text(head: Head) -> Match | None:
    records = head.records
    if not records:
        return None
    if not head.lines and (companion := _companion(records[0])) is not None:
        return companion
    if any("traceSchema" in record for record in records):
        return None
    if any(_is_cron_run(record) for record in records):
        return Match(confidence=1.0, variant="cron-runs", why="finished cron runs (jobId, action, runAtMs)")
    return _transcript(records)


def _transcript(records: list[dict[str, Any]]) -> Match | None:
    header = records[0] if records[0].get("type") == "session" else None
    marked = any(_is_pi_entry(record) for record in records)
    if header is not None and isinstance(header.get("id"), str) and isinstance(header.get("cwd"), str):
        version = header.get("version")
        variant = f"v{version}" if isinstance(version, int) else "v1"
        return Match(confidence=1.0 if marked else 0.5, variant=variant, why=f"session header {variant} with cwd")
    if marked:
        return Match(confidence=1.0, variant="headless", why="messages of pi's shape without a session header")
    return None


def _is_pi_entry(record: dict[str, Any]) -> bool:
    # Claude Code and others also write type "message" or "session"; their entries carry uuid and sessionId.
    if "uuid" in record or not isinstance(record.get("timestamp"), str):
        return False
    if as_text(record.get("type")) in _STATE_CHANGES:
        return (
            "parentId" in record or "provider" in record or "thinkingLevel" in record or "firstKeptEntryIndex" in record
        )
    message = record.get("message")
    if record.get("type") != "message" or not isinstance(message, dict):
        return False
    role = message.get("role")
    if role == "toolResult":
        return "toolCallId" in message
    if role == "assistant":
        blocks = as_list(message.get("content"))
        return as_text(message.get("stopReason")) in _PI_STOPS or any(
            as_text(as_object(b).get("type")) in _PI_BLOCKS for b in blocks
        )
    return role == "user" and isinstance(message.get("timestamp"), int)


def _is_cron_run(record: dict[str, Any]) -> bool:
    return (
        "jobId" in record and "action" in record and ("runAtMs" in record or "durationMs" in record or "ts" in record)
    )


def _companion(document: dict[str, Any]) -> Match | None:
    if document.get("traceSchema") == "openclaw-trajectory-pointer":
        return _index("trajectory-path", "pointer to a trajectory sidecar")
    jobs = document.get("jobs")
    if isinstance(jobs, list) and any({"id", "schedule"} <= as_object(job).keys() for job in jobs):
        return _index("cron-jobs", "cron jobs (id, schedule)")
    if isinstance(jobs, dict) and any(
        "scheduleIdentity" in as_object(job) or "state" in as_object(job) for job in jobs.values()
    ):
        return _index("cron-state", "state of cron jobs")
    runs = document.get("runs")
    if isinstance(runs, dict) and any("childSessionKey" in as_object(run) for run in runs.values()):
        return _index("subagents", "index of sub-agent runs")
    if any("sessionId" in as_object(entry) and key.startswith("agent:") for key, entry in document.items()):
        return _index("sessions", "session index (sessions.json)")
    return None


def _index(variant: str, why: str) -> Match:
    return Match(confidence=1.0, variant=variant, why=why, use="companion")
