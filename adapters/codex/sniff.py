"""Recognising Codex: the envelope of its rollouts, the events of its streams, the items of its early rollouts."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list, as_text
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .rollout import ENVELOPES
from .stream import EVENTS

_ITEMS = frozenset({"function_call", "function_call_output", "local_shell_call", "custom_tool_call", "reasoning"})


def sniff(head: Head) -> Match | None:
    """Claim a file whose first records are Codex's; ``None`` otherwise."""
    bare: Match | None = None
    for record in head.records:
        kind = record.get("type")
        if not isinstance(kind, str):
            if bare is None and _is_early(record):
                bare = Match(
                    confidence=0.9, variant="early rollout", why="the head or a state line of an early rollout"
                )
        elif kind in ENVELOPES and isinstance(record.get("payload"), dict):
            return Match(confidence=1.0, variant=_version(record), why=f"a {kind} envelope with a payload")
        elif kind == "thread.started" and isinstance(record.get("thread_id"), str):
            return Match(confidence=1.0, variant="exec stream", why="thread.started with a thread_id")
        elif kind in EVENTS and (kind.startswith("turn.") or isinstance(record.get("item"), dict)):
            return Match(confidence=0.9, variant="exec stream", why=f"{kind} events")
        elif bare is None and head.lines and _is_item(kind, record):
            bare = Match(confidence=0.5, variant="early rollout", why=f"{kind} items without an envelope")
    return bare


def _is_early(record: dict[str, Any]) -> bool:
    if record.get("record_type") == "state":
        return True
    return {"id", "timestamp", "instructions"} <= record.keys() and len(record) <= 4


def _is_item(kind: str, record: dict[str, Any]) -> bool:
    if kind == "message":
        parts = [part for part in as_list(record.get("content")) if isinstance(part, dict)]
        return any(part.get("type") in ("input_text", "output_text") for part in parts)
    if kind == "reasoning":
        return isinstance(record.get("summary"), list)
    return kind in _ITEMS and as_text(record.get("call_id")) is not None


def _version(record: dict[str, Any]) -> str:
    version = record["payload"].get("cli_version")
    return f"rollout {version[:20]}" if isinstance(version, str) and version else "rollout"
