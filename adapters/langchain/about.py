"""What a run says about itself beside its work: agent, task, session, and how it was judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from soma import identity
from soma.adapters.blocks.document import as_count, as_number, as_object, as_text

AGENT_KEYS = ("agent", "agent_name", "lc_agent_name", "ls_agent_name", "agent_id", "graph_id", "assistant_id")
TASK_KEYS = ("task_id", "task")
SESSION_KEYS = ("thread_id", "session_id", "conversation_id")
NODE_KEY = "langgraph_node"
OWN_NAME_KEY = "lc_agent_name"
MODEL_KEY = "ls_model_name"
METADATA_KEYS = frozenset({*AGENT_KEYS, *TASK_KEYS, *SESSION_KEYS, NODE_KEY, MODEL_KEY})
"""The metadata that is kept: the rest is settings of the process that ran, and may hold secrets."""

# Names a framework gives when nobody chose one: they tell a class, not an agent.
_CLASS_NAMES = frozenset({
    "LangGraph", "AgentExecutor", "RunnableSequence", "RunnableLambda", "RunnableParallel", "RunnableAgent", "Target",
    "Chain", "LLMChain", "ChatPromptTemplate",
})  # fmt: skip
_DEFAULT_PROJECT = "default"

_VERDICT_KEYS = (
    "success", "task_success", "resolved", "passed", "pass", "correctness", "correct", "accuracy", "reward", "score",
)  # fmt: skip
_PASS = 0.5


class Verdict(msgspec.Struct, frozen=True):
    """A judgement of a run: ``score`` as given, ``success`` where the score lies on the scale from 0 to 1."""

    score: float
    success: bool | None


def known_metadata(*places: Any) -> dict[str, str]:
    """The metadata that matters here, as text; later places win."""
    found: dict[str, str] = {}
    for place in places:
        if not isinstance(place, dict):
            continue
        for key, value in place.items():
            if key not in METADATA_KEYS:
                continue
            number = as_count(value) if isinstance(value, int) else None
            text = as_text(value) if number is None else str(number)
            if text is not None and (text := text.strip()):
                found[key] = text
    return found


def first_of(metadata: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    """The value of the first key that is there."""
    return next((metadata[key] for key in keys if key in metadata), None)


def agent_of(metadata: Mapping[str, str], name: str | None, project: str | None, *, graph: bool) -> str:
    """Who ran: named in the metadata, else a graph's own name, else the project, else the run's name.

    Args:
        metadata: Of the root run.
        name: Of the root run.
        project: LangSmith's project (``session_name``).
        graph: Whether the trace is one of LangGraph, whose root run is named like the graph.

    Returns:
        Empty when there are only names that the framework gives by itself.
    """
    named = first_of(metadata, AGENT_KEYS)
    if named is not None:
        return named
    own = name if name is not None and name not in _CLASS_NAMES else None
    if own is not None and graph:
        return own
    if project is not None and project != _DEFAULT_PROJECT:
        return project
    return own or ""


def task_of(metadata: Mapping[str, str], example_id: str | None) -> str | None:
    """The task the trace names: the dataset's example, else the metadata's task."""
    if example_id is not None:
        return identity.qualified("example", example_id)
    task = first_of(metadata, TASK_KEYS)
    return None if task is None else identity.qualified("task", task)


def verdict_of(feedback: Mapping[str, Any]) -> Verdict | None:
    """The judgement in a root run's ``feedback_stats``, by the first key that stands for a task achieved.

    An average of at least 0.5 is a success. A score off the scale from 0 to 1 is kept without a verdict: how good it is
    depends on a scale the export does not tell.
    """
    by_name = {key.strip().lower(): value for key, value in feedback.items()}
    for key in _VERDICT_KEYS:
        entry = by_name.get(key)
        stats = as_object(entry)
        if stats and as_count(stats.get("n")) == 0:
            continue
        flag = stats.get("avg") if stats else entry
        score = float(flag) if isinstance(flag, bool) else as_number(flag)
        if score is not None:
            return Verdict(score, score >= _PASS if 0 <= score <= 1 else None)
    return None
