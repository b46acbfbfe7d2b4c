"""Executions as an XES event log (IEEE 1849-2016), which PM4Py, ProM, Disco and others read.

A case (``trace``) is an execution, an event a choice: its ``concept:name`` is the action, ``concept:instance`` the
decision's id, ``org:resource`` the agent, ``org:group`` the team, ``time:timestamp`` when the choice was made (not when
its call came back: that is ``duration_ms`` later) and ``lifecycle:transition`` always ``complete``, because a choice is
made in one instant. Whether an instant is recorded or only keeps the order says ``time_recorded``. Everything else has
plain keys. Texts (arguments, outputs, reasoning) stay in the vault.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from soma.synthesizer.inputs import Queryable

from .event_log import Case, Event, EventLog, Tally, instant

_EXTENSIONS = (("Concept", "concept"), ("Time", "time"), ("Lifecycle", "lifecycle"), ("Organizational", "org"))
_OF_CASE = (
    "agent_id", "framework", "session_id", "parent_execution_id", "model", "status", "success", "success_from", "score",
    "started_at", "ended_at", "duration_ms", "tokens_in", "tokens_out", "cost_usd", "operator_id", "team_id",
    "instance_id",
)  # fmt: skip
_OF_EVENT = (
    "step", "turn", "kind", "tool", "role", "outcome", "confidence", "duration_ms", "tokens_in", "tokens_out",
    "cost_usd", "model",
)  # fmt: skip
# What XML 1.0 has no character for, and what a reader of an attribute would take for a blank.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def export_xes(
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
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">\n'
    for name, prefix in _EXTENSIONS:
        yield f'  <extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
    yield f'  <global scope="trace">\n{_attribute("concept:name", "unknown", 4)}  </global>\n'
    yield '  <global scope="event">\n'
    yield _attribute("concept:name", "unknown", 4)
    yield _attribute("lifecycle:transition", "complete", 4)
    yield _attribute("org:resource", "unknown", 4)
    yield _attribute("time:timestamp", dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 4)
    yield _attribute("time_recorded", False, 4)
    yield "  </global>\n"
    yield '  <classifier name="Activity" scope="event" keys="concept:name"/>\n'
    yield _attribute("concept:name", "soma", 2)
    yield _attribute("lifecycle:model", "standard", 2)
    for case in log.cases(tally):
        yield _trace(case)
    yield "</log>\n"


def _trace(case: Case) -> str:
    parts = ["  <trace>\n", _attribute("concept:name", case.row["execution_id"], 4)]
    parts += [_attribute(name, case.row[name], 4) for name in _OF_CASE]
    parts += [_attribute("task", case.task, 4), _attribute("task_label", case.task_label, 4)]
    for event in case.events:
        parts += ["    <event>\n", *_event(event, case), "    </event>\n"]
    return "".join([*parts, "  </trace>\n"])


def _event(event: Event, case: Case) -> Iterator[str]:
    yield _attribute("concept:name", event.action, 6)
    yield _attribute("concept:instance", event.row["decision_id"], 6)
    yield _attribute("lifecycle:transition", "complete", 6)
    yield _attribute("org:resource", event.row["agent_id"], 6)
    yield _attribute("org:group", case.row["team_id"], 6)
    yield _attribute("time:timestamp", event.at, 6)
    yield _attribute("time_recorded", event.recorded, 6)
    for name in _OF_EVENT:
        yield _attribute(name, event.row[name], 6)


def _attribute(key: str, value: object, indent: int) -> str:
    """One typed attribute on a line of its own; nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        kind, shown = "boolean", "true" if value else "false"
    elif isinstance(value, int):
        kind, shown = "int", str(value)
    elif isinstance(value, float):
        kind, shown = "float", repr(value)
    elif isinstance(value, dt.datetime):
        kind, shown = "date", instant(value)
    else:
        kind, shown = "string", _NO_CHARACTER.sub("\ufffd", str(value)).translate(_ENTITIES)
    return f'{" " * indent}<{kind} key="{key}" value="{shown}"/>\n'
