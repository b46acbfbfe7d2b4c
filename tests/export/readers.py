"""Second readers of both event logs, as strict as their specifications, written without the exports.

They stand in for the official schemas, which carry no licence to ship them: everything these demand is demanded here,
and more (types of values, references, unique ids).
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jsonschema

from soma import codec

Ends = tuple[str | None, str | None]
XES = "{http://www.xes-standard.org/}"
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.-]*")
_NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")
# Keys of the standard extensions, and on what they may stand (IEEE 1849, clause 6 and after).
_EXTENSION_KEYS = {
    "concept:name": {"log", "trace", "event"}, "concept:instance": {"event"}, "lifecycle:model": {"log"},
    "lifecycle:transition": {"event"}, "org:resource": {"event"}, "org:group": {"event"}, "time:timestamp": {"event"},
}  # fmt: skip
_TRANSITIONS = {"complete", "start", "schedule", "assign", "reassign", "withdraw", "suspend", "resume", "autoskip",
                "manualskip", "ate_abort", "pi_abort"}  # fmt: skip


class Trace(NamedTuple):
    """One case: its attributes and its events'."""

    attributes: dict[str, Any]
    events: list[dict[str, Any]]


def read_xes(text: str) -> list[Trace]:
    """The cases of an XES document; fails where it is not one."""
    root = ET.fromstring(text)
    assert root.tag == f"{XES}log"
    float(root.attrib["xes.version"])
    order = [child.tag.removeprefix(XES) for child in root]
    ranks = {"extension": 0, "global": 1, "classifier": 2, "trace": 4, "event": 5}
    assert [ranks.get(tag, 3) for tag in order] == sorted(ranks.get(tag, 3) for tag in order)
    prefixes = set()
    for extension in root.iter(f"{XES}extension"):
        assert _NCNAME.fullmatch(extension.attrib["name"])
        assert extension.attrib["uri"] == f"http://www.xes-standard.org/{extension.attrib['prefix']}.xesext"
        prefixes.add(extension.attrib["prefix"])
    promised: dict[str, set[str]] = {}
    for each in root.iter(f"{XES}global"):
        promised[each.attrib["scope"]] = set(_attributes(each, each.attrib["scope"], prefixes))
    for classifier in root.iter(f"{XES}classifier"):
        assert _NCNAME.fullmatch(classifier.attrib["name"])
        assert set(classifier.attrib["keys"].split()) <= promised["event"]
    log = _attributes(root, "log", prefixes)
    assert log["lifecycle:model"] == "standard"
    traces = []
    for trace in root.findall(f"{XES}trace"):
        own = _attributes(trace, "trace", prefixes)
        events = [_attributes(event, "event", prefixes) for event in trace.findall(f"{XES}event")]
        assert promised["trace"] <= own.keys()
        assert all(promised["event"] <= event.keys() for event in events)
        assert all(event["lifecycle:transition"] in _TRANSITIONS for event in events)
        traces.append(Trace(own, events))
    names = [trace.attributes["concept:name"] for trace in traces]
    assert len(names) == len(set(names))
    return traces


def _attributes(element: ET.Element, scope: str, prefixes: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        kind = child.tag.removeprefix(XES)
        if kind in {"extension", "global", "classifier", "trace", "event"}:
            continue
        assert set(child.attrib) == {"key", "value"}
        assert len(child) == 0
        key, value = child.attrib["key"], child.attrib["value"]
        assert _NAME.fullmatch(key)
        assert key not in found
        if ":" in key:
            assert key.split(":")[0] in prefixes
            assert scope in _EXTENSION_KEYS[key]
        found[key] = _value(kind, value)
    return found


def _value(kind: str, value: str) -> Any:
    if kind == "string":
        return value
    if kind == "date":
        assert _DATE.fullmatch(value)
        return dt.datetime.fromisoformat(value)
    if kind == "boolean":
        return {"true": True, "false": False}[value]
    if kind == "int":
        assert -(2**63) <= int(value) < 2**63
        return int(value)
    assert kind == "float", kind
    return float(value)


_TYPED = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "attributes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "type": {"enum": ["string", "time", "integer", "float", "boolean"]},
                    },
                    "required": ["name", "type"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["name", "attributes"],
        "additionalProperties": False,
    },
}


def _record(attribute: list[str], required: list[str]) -> dict[str, Any]:
    value = {name: {"type": "string"} for name in attribute}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                **{name: {"type": "string"} for name in required},
                "attributes": {
                    "type": "array",
                    "items": {
                        "type": "object", "properties": value, "required": attribute, "additionalProperties": False,
                    },
                },
                "relationships": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}},
                        "required": ["objectId", "qualifier"],
                        "additionalProperties": False,
                    },
                },
            },
            "required": required,
            "additionalProperties": False,
        },
    }  # fmt: skip


# OCEL 2.0 Specification (arXiv:2403.01975), section 8, tightened: nothing beside what it names. Values are text, as in
# the published schema.
OCEL_SCHEMA = {
    "type": "object",
    "properties": {
        "eventTypes": _TYPED,
        "objectTypes": _TYPED,
        "events": _record(["name", "value"], ["id", "type", "time"]),
        "objects": _record(["name", "value", "time"], ["id", "type"]),
    },
    "required": ["eventTypes", "objectTypes", "events", "objects"],
    "additionalProperties": False,
}
_PARSED: dict[str, Callable[[str], Any]] = {
    "string": str, "time": dt.datetime.fromisoformat, "integer": int, "float": float,
    "boolean": {"true": True, "false": False}.__getitem__,
}  # fmt: skip


class ObjectLog(NamedTuple):
    """An object-centric log: records by id, values parsed by their declared types."""

    events: dict[str, dict[str, Any]]
    objects: dict[str, dict[str, Any]]


def read_ocel(text: str) -> ObjectLog:
    """The log of an OCEL 2.0 document; fails where it is not one."""
    document = codec.decode(text)
    jsonschema.Draft202012Validator(OCEL_SCHEMA).validate(document)
    found = []
    for records, types in (("events", "eventTypes"), ("objects", "objectTypes")):
        declared = {one["name"]: {a["name"]: a["type"] for a in one["attributes"]} for one in document[types]}
        assert len(declared) == len(document[types])
        by_id: dict[str, dict[str, Any]] = {}
        for record in document[records]:
            assert record["id"] not in by_id
            kinds = declared[record["type"]]
            values = {a["name"]: _PARSED[kinds[a["name"]]](a["value"]) for a in record.get("attributes", ())}
            by_id[record["id"]] = {**record, "values": values}
        assert {record["type"] for record in document[records]} <= declared.keys()
        found.append(by_id)
    events, objects = found
    for record in [*events.values(), *objects.values()]:
        for link in record.get("relationships", ()):
            assert link["objectId"] in objects
            assert link["qualifier"]
    for event in events.values():
        assert _DATE.fullmatch(event["time"])
    return ObjectLog(events, objects)


def follows(paths: Iterable[list[str]]) -> dict[Ends, int]:
    """How often one event directly follows another, starts and ends included."""
    pairs: Counter[Ends] = Counter()
    for path in paths:
        if path:
            pairs.update(zip([None, *path], [*path, None], strict=True))
    return dict(pairs)


def xes_paths(traces: Iterable[Trace]) -> list[list[str]]:
    """The events of each case in the order of the document."""
    return [[event["concept:name"] for event in trace.events] for trace in traces]


def ocel_paths(log: ObjectLog, agents: Iterable[str] | None = None) -> list[list[str]]:
    """The events of each execution by time, and by step where times are equal; of all agents or of some."""
    asked = None if agents is None else {f"agent:{name}" for name in agents}
    own: dict[str, list[tuple[dt.datetime, int, str]]] = defaultdict(list)
    for event in log.events.values():
        links = [link["objectId"] for link in event["relationships"]]
        if asked is not None and asked.isdisjoint(links):
            continue
        (execution,) = [link for link in links if log.objects[link]["type"] == "execution"]
        at = dt.datetime.fromisoformat(event["time"])
        own[execution].append((at, event["values"]["step"], event["type"]))
    return [[name for *_, name in sorted(events)] for events in own.values()]
