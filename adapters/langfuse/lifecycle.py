"""BeeAI's observations: events of a call's life as one call each.

Every event (``tool.search.wikipedia.start-12``, ``...success-12``) is a span of its own that lasts until the run ends,
so a call lasted from the start of one event to the start of the next. A ReAct agent also reports the calls it made,
with its thought, as ``agent.react.update`` spans; what they report is not counted again as events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from soma.adapters.otel.values import Result

from .observation import Observation

_EVENT = re.compile(r"tool\.(?P<tool>.+)\.(?P<event>start|success|error|retry|finish)-(?P<number>\d+)\Z")
_REPORT = "agent.react.update"


def joined(observations: Iterable[Observation]) -> list[Observation]:
    """The observations with the events of every call as one tool call."""
    others: list[Observation] = []
    calls: dict[tuple[str | None, str, str], dict[str, Observation]] = {}
    reports: list[Observation] = []
    for observation in observations:
        event = _EVENT.match(observation.name)
        if event is not None:
            call = calls.setdefault((observation.parent_id, event["tool"], event["number"]), {})
            call[event["event"]] = observation
            continue
        others.append(observation)
        if observation.name.startswith(_REPORT) and observation.tool and observation.parameters is not None:
            reports.append(observation)
    made = [_reported(report, reports) for report in reports if report.result.text is not None]
    named = {(call.tool or "").lower() for call in made}
    for (_, tool, _), events in calls.items():
        if "error" in events or tool.rpartition(".")[2].lower() not in named:
            others.append(_from_events(tool, events))
    replaced = {call.observation_id: call for call in made}
    return [replaced.get(observation.observation_id, observation) for observation in others]


def _reported(report: Observation, reports: list[Observation]) -> Observation:
    """A call as the agent reports it: begun with the first report of the same call, ended with the result."""
    same = [
        other.started_at
        for other in reports
        if (other.parent_id, other.tool, other.parameters) == (report.parent_id, report.tool, report.parameters)
        and other.started_at is not None
    ]
    return msgspec.structs.replace(
        report,
        kind="TOOL",
        name=report.tool,
        arguments=report.parameters,
        started_at=min(same, default=report.started_at),
        ended_at=report.started_at,
    )


def _from_events(tool: str, events: dict[str, Observation]) -> Observation:
    first = events.get("start") or min(events.values(), key=lambda event: event.place)
    last = events.get("finish") or events.get("error") or events.get("success")
    error = events.get("error")
    answer = events.get("success") or error
    return msgspec.structs.replace(
        first,
        kind="TOOL",
        name=tool,
        arguments=next((e.parameters for _, e in sorted(events.items()) if e.parameters is not None), first.arguments),
        result=answer.result if answer is not None else Result(None),
        ended_at=last.started_at if last is not None else None,
        failed=error is not None,
        message=(error.message or error.result.text) if error is not None else None,
    )
