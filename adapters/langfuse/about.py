"""What a trace says about itself: agent, task, session, user, labels."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from soma import clock, identity
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.adapters.generic.messages import parsed
from soma.adapters.langchain.about import AGENT_KEYS, SESSION_KEYS, TASK_KEYS, first_of, known_metadata
from soma.source import Record
from soma.text import clip

from .observation import Observation
from .replies import request_of
from .tree import Tree

_NAMED = re.compile(r"(?:agent_run|invoke_agent|create_agent|invocation|agent|run)[ .]\[?(?P<name>.+?)\]?\Z")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
# Names that frameworks give by themselves: they tell a class, not an agent.
_DEFAULTS = frozenset({
    "Agent.run", "Agent workflow", "AgentExecutor", "Crew.kickoff", "LangGraph", "OpenAI-generation",
    "RunnableSequence", "Task._execute_core", "Workflow", "claude.conversation", "generate_content", "trace",
})  # fmt: skip
_LABELS = ("environment", "release")
_DEFAULT_ENVIRONMENT = "default"
_MICROSECONDS = 1_000_000


class Header(msgspec.Struct):
    """What the trace record itself says, and where it lies."""

    name: str | None
    started_at: int | None
    ended_at: int | None
    asked: str | None
    metadata: dict[str, str]
    context: dict[str, str]
    tags: list[str]
    source_id: str
    offset: int
    length: int

    @property
    def rank(self) -> tuple[int, int, str, int]:
        """Of several readings of one trace the highest rank stands."""
        return (self.ended_at or 0, self.length, self.source_id, self.offset)


def header_of(fields: dict[str, Any], record: Record) -> Header:
    """The trace record, reduced. Its ``latency`` is in seconds."""
    metadata = as_object(parsed(fields.get("metadata")))
    started_at, seconds = clock.instant(fields.get("timestamp")), as_number(fields.get("latency"))
    asked = request_of(fields.get("input"))
    ended_at = None
    if started_at is not None and seconds is not None and seconds > 0:
        ended_at = clock.plausible(started_at + int(min(seconds, 1e9) * _MICROSECONDS))
    return Header(
        name=as_text(fields.get("name")),
        started_at=started_at,
        ended_at=ended_at,
        asked=clip(asked) if asked else None,
        metadata=known_metadata(metadata),
        context={key: text for key in ("userId", "sessionId", *_LABELS) if (text := as_text(fields.get(key)))},
        tags=sorted(tag for tag in as_list(fields.get("tags")) if isinstance(tag, str) and tag),
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


class Facts(msgspec.Struct):
    """The facts of one trace, from its record where there is one, else from what its observations repeat."""

    agent_id: str
    task_id: str | None
    task_text: str | None
    session_id: str | None
    operator_id: str | None
    labels: dict[str, str]


def facts_of(header: Header | None, tree: Tree) -> Facts:
    """The facts of a trace; the trace record and outer observations come first."""
    places = [*tree.roots, *(node for node in tree.ordered if node.parent_id is not None)]
    contexts = [*([header.context] if header else []), *(node.context for node in places)]
    metadata = [*([header.metadata] if header else []), *(node.metadata for node in places)]
    context = {key: value for known in reversed(contexts) for key, value in known.items()}
    name = header.name if header is not None and header.name else context.get("traceName")
    known = {key: value for found in reversed(metadata) for key, value in found.items()}
    task = first_of(known, TASK_KEYS)
    labels = {key: context[key] for key in _LABELS if context.get(key, _DEFAULT_ENVIRONMENT) != _DEFAULT_ENVIRONMENT}
    if name:
        labels["trace"] = name
    if header is not None and header.tags:
        labels["tags"] = ",".join(header.tags)
    return Facts(
        agent_id=first_of(known, AGENT_KEYS) or _agent(places) or own_name(name) or "",
        task_id=identity.qualified("task", task) if task is not None else None,
        task_text=_asked(header, places),
        session_id=context.get("sessionId") or first_of(known, SESSION_KEYS),
        operator_id=context.get("userId"),
        labels=labels,
    )


def agent_named(node: Observation) -> str | None:
    """The name of the agent an observation stands for."""
    return own_name(node.agent) or own_name(node.name)


def own_name(name: str | None) -> str | None:
    """A name without what frameworks put around it; ``None`` if nothing is left but a class or an id of one run."""
    if not name:
        return None
    match = _NAMED.match(name)
    bare = match["name"] if match is not None else name
    return None if name in _DEFAULTS or bare in _DEFAULTS or _UUID.search(bare) else bare


def _agent(places: list[Observation]) -> str | None:
    return next((name for node in places if node.kind == "AGENT" and (name := agent_named(node))), None)


def _asked(header: Header | None, places: list[Observation]) -> str | None:
    """The first request: in the trace's input, else a root's, else what the first model call was given."""
    roots = [node for node in places if node.parent_id is None or node.kind == "GENERATION"]
    return (header.asked if header else None) or next((node.asked for node in roots if node.asked), None)
