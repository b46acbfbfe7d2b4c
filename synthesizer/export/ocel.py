"""Executions as an object-centric event log, OCEL 2.0 in its JSON form, which PM4Py, OC-PM, Ocelot and others read.

An event is a choice; its type is the action, its id the decision's. It belongs to objects of six types: the
``execution`` it was made in, the ``agent`` that made it, the ``tool``, the ``model``, the ``task`` and the ``session``.
Executions are related to agent, task, session and the execution that delegated to them. Ids carry their type in front,
because names of different types may be equal.

Berti et al., *OCEL (Object-Centric Event Log) 2.0 Specification*, arXiv:2403.01975, section 8. The published JSON
schema wants every value of an attribute as text, with its type declared once; so it is written here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from soma import codec
from soma.synthesizer.inputs import Queryable

from .event_log import Case, Event, EventLog, Row, Tally, instant

# A value that never changes is set at the beginning of time: section 7 of the specification.
_ALWAYS = "1970-01-01T00:00:00Z"
_OF_EVENT = {
    "step": "integer", "turn": "integer", "kind": "string", "role": "string", "outcome": "string",
    "confidence": "float", "duration_ms": "float", "tokens_in": "integer", "tokens_out": "integer", "cost_usd": "float",
    "time_recorded": "boolean",
}  # fmt: skip
_OF_EXECUTION = {
    "framework": "string", "status": "string", "success": "boolean", "success_from": "string", "score": "float",
    "started_at": "time", "ended_at": "time", "duration_ms": "float", "tokens_in": "integer", "tokens_out": "integer",
    "cost_usd": "float", "operator_id": "string", "team_id": "string", "instance_id": "string",
}  # fmt: skip
_NAMED = ("agent", "model", "session", "task", "tool")


def export_ocel(
    vault: Queryable,
    agent: str | None = None,
    task: str | None = None,
    execution: str | None = None,
    *,
    tally: Tally | None = None,
) -> Iterator[str]:
    """The log, piece by piece; see ``EventLog`` for what is chosen. ``tally`` counts along.

    Raises:
        NothingFound: before the first piece, if there is no such execution.
    """
    return _written(EventLog(vault, agent, task, execution), tally)


def _written(log: EventLog, tally: Tally | None) -> Iterator[str]:
    named: dict[str, dict[str, str]] = {kind: {} for kind in _NAMED}
    yield '{"eventTypes":[\n'
    yield from _listed(_type(name, _OF_EVENT) for name in log.actions())
    yield '],\n"objectTypes":[\n'
    yield from _listed([_type("execution", _OF_EXECUTION), *(_type(kind, {"name": "string"}) for kind in _NAMED)])
    yield '],\n"events":[\n'
    yield from _listed(_event(event, case, named) for case in log.cases(tally) for event in case.events)
    yield '],\n"objects":[\n'
    yield from _listed(_objects(log, named))
    yield "]}\n"


def _listed(items: Iterator[str] | list[str]) -> Iterator[str]:
    between = ""
    for item in items:
        yield between + item
        between = ",\n"
    yield "\n"


def _type(name: str, attributes: dict[str, str]) -> str:
    declared = [{"name": key, "type": kind} for key, kind in attributes.items()]
    return codec.encode({"name": name, "attributes": declared})


def _event(event: Event, case: Case, named: dict[str, dict[str, str]]) -> str:
    row = event.row
    related = [("execution", row["execution_id"], "made in"), *_common(case, named)]
    for kind, word in (("tool", "uses"), ("model", "chosen by")):
        if row[kind]:
            related.append((kind, row[kind], word))
            named[kind][row[kind]] = row[kind]
    return codec.encode(
        {
            "id": row["decision_id"],
            "type": event.action,
            "time": instant(event.at),
            "attributes": _values({**row, "time_recorded": event.recorded}, _OF_EVENT),
            "relationships": _related(related),
        }
    )


def _objects(log: EventLog, named: dict[str, dict[str, str]]) -> Iterator[str]:
    present = set(log.execution_ids)
    for case in log.without_events():
        row = case.row
        related = _common(case, named)
        if row["parent_execution_id"] in present:
            related.append(("execution", row["parent_execution_id"], "delegated by"))
        yield codec.encode(
            {
                "id": f"execution:{row['execution_id']}",
                "type": "execution",
                "attributes": _values(row, _OF_EXECUTION, _ALWAYS),
                "relationships": _related(related),
            }
        )
    for kind in _NAMED:
        for key in sorted(named[kind]):
            name = [{"name": "name", "value": named[kind][key], "time": _ALWAYS}]
            yield codec.encode({"id": f"{kind}:{key}", "type": kind, "attributes": name, "relationships": []})


def _common(case: Case, named: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    """The objects that an execution and all its events belong to; ``named`` learns what they are called."""
    related = [("agent", case.row["agent_id"], "made by")]
    named["agent"][case.row["agent_id"]] = case.row["agent_id"]
    if case.task is not None:
        related.append(("task", case.task, "attempts"))
        named["task"][case.task] = case.task_label or case.task
    if case.row["session_id"]:
        related.append(("session", case.row["session_id"], "part of"))
        named["session"][case.row["session_id"]] = case.row["session_id"]
    return related


def _related(objects: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"objectId": f"{kind}:{key}", "qualifier": qualifier} for kind, key, qualifier in objects]


def _values(row: Row, attributes: dict[str, str], time: str | None = None) -> list[dict[str, str]]:
    since = {} if time is None else {"time": time}
    return [{"name": name, "value": _text(row[name]), **since} for name in attributes if row.get(name) is not None]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return instant(value)
    return repr(value) if isinstance(value, float) else str(value)
