"""Recognising Claude Code: the keys its lines carry, whatever the file is called."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

_TALK = frozenset({"user", "assistant", "system", "attachment", "progress"})
_SESSION_BOOKKEEPING = frozenset({
    "queue-operation", "last-prompt", "custom-title", "ai-title", "agent-name", "agent-color", "permission-mode",
    "mode", "tag", "pr-link",
})  # fmt: skip


def sniff(head: Head) -> Match | None:
    """Claim a file whose first records are Claude Code's; ``None`` otherwise.

    Files that hold only headers (summaries, snapshots) are claimed too: they are this format, without a decision.
    """
    document = head.document
    if isinstance(document, dict) and "loglines" in document:
        return _export(document["loglines"])
    bookkeeping: str | None = None
    for record in head.records:
        kind = record.get("type")
        if not isinstance(kind, str):
            continue
        if kind in _TALK and isinstance(record.get("sessionId"), str):
            if "parentUuid" in record and ("isSidechain" in record or "userType" in record):
                return Match(confidence=1.0, variant=_variant(record), why="lines with sessionId, uuid and parentUuid")
            if isinstance(record.get("message"), dict) and isinstance(record.get("uuid"), str):
                return Match(confidence=0.9, variant=_variant(record), why="Anthropic messages with sessionId and uuid")
        bookkeeping = bookkeeping or _header(kind, record)
    if bookkeeping is None:
        return None
    return Match(confidence=0.9, variant="headers only", why=f"{bookkeeping} lines of Claude Code")


def _export(lines: Any) -> Match | None:
    if not isinstance(lines, list):
        return None
    for line in lines[:40]:
        if (
            isinstance(line, dict)
            and line.get("type") in ("user", "assistant")
            and isinstance(line.get("message"), dict)
        ):
            return Match(confidence=1.0, variant="loglines export", why="an export of session lines under loglines")
    return Match(confidence=0.5, variant="loglines export", why="a list under loglines")


def _header(kind: str, record: dict[str, Any]) -> str | None:
    if kind == "summary" and isinstance(record.get("leafUuid"), str):
        return "summary"
    if kind == "file-history-snapshot" and "snapshot" in record:
        return "file-history-snapshot"
    if kind in _SESSION_BOOKKEEPING and isinstance(record.get("sessionId"), str):
        return kind
    return None


def _variant(record: dict[str, Any]) -> str:
    version = record.get("version")
    kind = "sub-agent" if record.get("isSidechain") is True else "session"
    return f"{kind} {version[:20]}" if isinstance(version, str) and version else kind
