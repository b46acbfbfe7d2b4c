"""What a span says about the run it belongs to: who ran, on which task, for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soma.adapters.blocks.document import as_object, as_text

from . import conventions
from .conventions import SpanRole, first
from .names import Names
from .spans import Facts
from .values import parsed

_LABEL = 512
_NO_MODEL = frozenset({"unknown", "none"})
_ROLE_WORDS = ("invoke_agent ", "agent run ")


def facts_of_resource(resource: Mapping[str, Any]) -> Facts:
    """What a resource says about every run of it."""
    service = as_text(resource.get("service.name"))
    return Facts(
        service=None if service is None or service.startswith("unknown_service") else service,
        instance=as_text(resource.get("service.instance.id")),
        environment=as_text(first(resource, ("deployment.environment.name", "deployment.environment"))),
    )


def facts_of(attributes: Mapping[str, Any], names: Names, found: Facts, role: SpanRole, name: str) -> Facts:
    """What a span and its resource, of which ``found`` is known, say about the run."""
    if role != "agent" and not names.telling:
        return found
    metadata = as_object(parsed(first(attributes, conventions.METADATA_JSON)))
    noting = metadata or names.noting

    def noted(keys: tuple[str, ...]) -> str | None:
        # Nearly all spans note nothing at all, and all names would be tried in vain.
        for key in keys if noting else ():
            if (text := _label(metadata.get(key))) is not None:
                return text
            for prefix in conventions.METADATA_PREFIXES:
                if (text := _label(attributes.get(prefix + key))) is not None:
                    return text
        return None

    agent = _label(first(attributes, conventions.AGENT_NAME))
    if agent is None and role == "agent":
        agent = _label(attributes.get("traceloop.entity.name")) or _agent_in(name)
    return Facts(
        named_agent=noted(conventions.AGENT_KEYS),
        agent=agent,
        graph=noted(conventions.GRAPH_KEYS),
        workflow=_label(first(attributes, conventions.WORKFLOW_NAME)),
        model=model_of(attributes, names) if role == "agent" else None,
        task=noted(conventions.TASK_KEYS),
        example=noted(conventions.EXAMPLE_KEYS),
        session=_label(first(attributes, conventions.SESSION)) or noted(conventions.SESSION_KEYS),
        user=_label(first(attributes, conventions.USER)),
        service=found.service,
        instance=found.instance,
        environment=found.environment,
    )


def _label(value: Any) -> str | None:
    """A short name: text, or a number written out; anything else is no name."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -(1 << 63) <= value < 1 << 64 else None
    text = as_text(value)
    return text.strip()[:_LABEL] or None if text else None


def _agent_in(name: str) -> str | None:
    """The agent a span's name tells (``invoke_agent planner``); other span names tell a class or a function."""
    for word in _ROLE_WORDS:
        if name.startswith(word):
            return _label(name[len(word) :].strip("[]' "))
    return None


def model_of(attributes: Mapping[str, Any], names: Names) -> str | None:
    """The model that answered, or was asked."""
    for name in names.model:
        if (model := as_text(attributes[name])) and model.lower() not in _NO_MODEL:
            return model
    return None
