"""Recognising Gemini CLI: a session id with a project hash."""

from __future__ import annotations

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match


def sniff(head: Head) -> Match | None:
    """Claim a chat by the keys of its head; ``None`` otherwise."""
    first = head.records[0] if head.records else {}
    if not isinstance(first.get("sessionId"), str) or not isinstance(first.get("projectHash"), str):
        return None
    if head.lines:
        return Match(confidence=1.0, variant="chat lines", why="a first line with sessionId and projectHash")
    if isinstance(first.get("messages"), list):
        return Match(confidence=1.0, variant="chat", why="sessionId, projectHash and messages")
    return Match(confidence=0.9, variant="chat without messages", why="sessionId and projectHash")
