"""What the objects around a conversation tell of the run: who, which task, how it was judged, when, at what cost.

Members are found by what they are called, whatever the spelling (``task_id``, ``taskId``, ``task-id``), first beside
the messages, then in the objects of facts that lie there (``metadata``, ``info``...), then, for what a whole file
shares (the model, the agent), further out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.clock import instant
from soma.model import Status

_BESIDE = (
    "metadata", "meta", "info", "extra", "attributes", "result", "results", "evaluation", "eval", "rewardinfo",
    "metrics", "summary", "stats", "modelstats", "agentinfo", "config", "hyperparams", "hyperparameters", "settings",
    "args",
)  # fmt: skip
_DEEP = 2

_SESSION = ("sessionid", "conversationid", "threadid", "chatid", "dialogid", "dialogueid")
_RUN = ("runid", "executionid", "trajectoryid", "rolloutid", "episodeid", "traceid", *_SESSION)
_TASK = ("taskid", "instanceid", "problemid", "questionid", "task")
_AGENT = ("agentid", "agentname", "agent", "assistant")
_MODEL = ("model", "modelname", "modelid", "llm")
_TRIAL = ("trial", "trialid", "attempt", "seed", "epoch", "repeat")
_VERDICTS = ("success", "resolved", "passed", "solved")
_START = ("startedat", "createdat", "starttime", "timestamp", "created")
_END = ("endedat", "finishedat", "completedat", "endtime")
_COST = ("costusd", "totalcost", "agentcost", "cost", "instancecost")
_COMPLETED = frozenset({"completed", "complete", "done", "finished", "succeeded", "success"})
_FAILED = frozenset({"failed", "failure", "error", "errored", "crashed", "aborted", "cancelled", "canceled", "timeout"})

ENVELOPE = frozenset((*_RUN, *_TASK, *_AGENT, *_TRIAL))
"""Members of a lone message that speak of the whole run; all others speak of the message."""


class Facts(msgspec.Struct):
    """Facts of one run; ``None`` where nothing tells.

    Attributes:
        run: The id of the run, from a member that names a run or a session.
        item: The value of a plain ``id``: it may be the run's or that of a row in a data set.
        score: A reward or score as it was given.
    """

    run: str | None = None
    item: str | None = None
    session: str | None = None
    agent: str | None = None
    model: str | None = None
    task: str | None = None
    task_text: str | None = None
    trial: str | None = None
    score: float | None = None
    success: bool | None = None
    success_from: str | None = None
    status: Status = "unknown"
    error: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    cost: float | None = None
    usage: dict[str, Any] = {}


def spelled(name: str) -> str:
    """A member's name without its spelling: ``taskId``, ``task_id`` and ``Task-ID`` are one."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def facts_of(around: Iterable[dict[str, Any]]) -> Facts:
    """The facts in the objects around a conversation, the nearest first."""
    layers = [list(_layers(item, _DEEP)) for item in around]
    near = layers[0] if layers else []
    every = [layer for group in layers for layer in group]
    facts = Facts(
        run=_first_id(near, _RUN),
        item=_first_id(near[:1], ("id",)),
        session=_first_id(every, _SESSION),
        agent=_first_id(every, _AGENT),
        model=_first_id(every, _MODEL),
        trial=_first_id(near, _TRIAL),
        started_at=_first_time(near, _START),
        ended_at=_first_time(near, _END),
        cost=_cost(near),
        usage=next((usage for layer in near if (usage := as_object(layer.get("usage")))), {}),
    )
    facts.task = _first_id(near, _TASK)
    if facts.task is not None and any(mark in facts.task for mark in (" ", "\n")):
        facts.task_text = facts.task
    _judge(facts, near)
    _end(facts, near)
    return facts


def session_of(envelope: dict[str, Any]) -> str | None:
    """The id of the conversation a lone message belongs to, where it carries one."""
    layer = _layer(envelope)
    return _first_id([layer, _layer(as_object(layer.get("metadata")))], (*_SESSION, "runid", "episodeid"))


def _layers(item: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    layer = _layer(item)
    yield layer
    if depth:
        for name in _BESIDE:
            if isinstance(inner := layer.get(name), dict):
                yield from _layers(inner, depth - 1)


def _layer(item: dict[str, Any]) -> dict[str, Any]:
    layer: dict[str, Any] = {}
    for name, value in item.items():
        layer.setdefault(spelled(name), value)
    return layer


def _first_id(layers: Iterable[dict[str, Any]], names: tuple[str, ...]) -> str | None:
    layers = list(layers)
    return next((found for name in names for layer in layers if (found := _id(layer.get(name))) is not None), None)


def _id(value: Any) -> str | None:
    if isinstance(value, dict):
        value = next((value[key] for key in ("id", "name", "model") if isinstance(value.get(key), str | int)), None)
    if isinstance(value, bool) or value is None or not isinstance(value, str | int):
        return None
    return str(value).strip() or None if not isinstance(value, int) or abs(value) < 1 << 63 else None


def _first_time(layers: Iterable[dict[str, Any]], names: tuple[str, ...]) -> int | None:
    layers = list(layers)
    return next((found for name in names for layer in layers if (found := instant(layer.get(name))) is not None), None)


def _cost(layers: Iterable[dict[str, Any]]) -> float | None:
    costs = (as_number(layer.get(name)) for layer in layers for name in _COST)
    return next((cost for cost in costs if cost is not None and cost >= 0), None)


def _judge(facts: Facts, layers: list[dict[str, Any]]) -> None:
    """Reward, verdict, score: the first that speaks. On a scale of 0 to 1 only a full one is success.

    Numbers beyond that scale are kept as the score and tell no success.
    """
    reward, score = (_first_number(layers, name) for name in ("reward", "score"))
    facts.score = score if reward is None else reward
    verdicts = (layer.get(name) for layer in layers for name in _VERDICTS)
    verdict = next((found for found in verdicts if isinstance(found, bool)), None)
    if reward is not None and 0 <= reward <= 1:
        facts.success, facts.success_from = reward >= 1, "reward"
    elif verdict is not None:
        facts.success, facts.success_from = verdict, "evaluation"
    elif score is not None and 0 <= score <= 1:
        facts.success, facts.success_from = score >= 1, "reward"


def _first_number(layers: list[dict[str, Any]], name: str) -> float | None:
    return next((number for layer in layers if (number := as_number(layer.get(name))) is not None), None)


def _end(facts: Facts, layers: list[dict[str, Any]]) -> None:
    for layer in layers[:1]:
        word = (as_text(layer.get("status")) or "").lower()
        facts.status = "completed" if word in _COMPLETED else "failed" if word in _FAILED else "unknown"
    for layer in layers[:2]:
        error = layer.get("error")
        text = as_text(error) or as_text(as_object(error).get("message")) or as_text((as_list(error) or [None])[0])
        if text is not None:
            facts.error, facts.status = text, "failed"
            return
