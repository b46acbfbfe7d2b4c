"""What a trajectory tells of its run: the instance, the model, the request, and an identity made of what was done."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from soma import codec, identity
from soma.adapters.blocks.document import as_number, as_object, as_text
from soma.source import Source

from .report import instance_named
from .shapes import Message, Trajectory

# How SWE-agent names the folder of a run: model, data, configuration, temperature, top p, cost limit, install.
_RUN = re.compile(r"(?P<model>[^/]+?)__.+?__t-[\d.]+__p-[\d.]+__c-[\d.]+__")
# What configurations are called that give their agent no name.
_UNNAMED = frozenset({"main", "primary", "default"})


class About(msgspec.Struct, frozen=True):
    """Facts of a run; ``None`` where the file does not tell."""

    instance: str
    agent: str
    model: str | None
    asked: str | None


def about(found: Trajectory, source: Source) -> About:
    """Facts of a run. Older files hold no configuration: their file and folder are named for instance and run."""
    config = _config(found.replay_config)
    problem, agent = as_object(config.get("problem_statement")), as_object(config.get("agent"))
    instance = as_text(problem.get("id")) or instance_named(source)
    model = as_text(as_object(agent.get("model")).get("name"))
    if model is None and (run := _RUN.match(source.folder)):
        model = run["model"]
    name = as_text(agent.get("name"))
    if name is None or name in _UNNAMED or name == instance:
        name = model or ""
    return About(instance, name, model, as_text(problem.get("text")) or _asked(found.history or []))


def run_of(found: Trajectory) -> str:
    """An id of the run: a trajectory has none, so it is what was said and done.

    Two copies of a file are one run, whatever they are called. Answers of a model, outputs and times in seconds with
    many digits do not repeat by chance.
    """
    history = found.history or []
    steps = [
        [flat(step.action), flat(step.response), flat(step.observation), as_number(step.execution_time)]
        for step in found.trajectory or []
    ]
    said = [flat(message.content) for message in (history[:3] if steps else history)]
    return identity.digest(codec.encode([said, steps]), size=12)


def flat(content: Any) -> str | None:
    """Content of a message as text; ``None`` when there is none."""
    if isinstance(content, list):
        return "\n".join(_part(part) for part in content)
    return content if isinstance(content, str) else None


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    fields = as_object(part)
    text = fields.get("text")
    return text if isinstance(text, str) else f"[{as_text(fields.get('type')) or 'unknown'}]"


def _config(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = codec.decode(value)
        except codec.Undecodable:
            return {}
    return as_object(value)


def _asked(history: list[Message]) -> str | None:
    asked = (flat(message.content) for message in history if message.role == "user" and message.is_demo is not True)
    return next((text for text in asked if text), None)
