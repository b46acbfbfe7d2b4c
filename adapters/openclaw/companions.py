"""What the files beside a session tell about it: the session index and the list of cron jobs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from soma import codec
from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.source import MIB, Source

from .packed import first_line

SESSIONS = "sessions.json"
JOBS = "../jobs.json"
_ENTRY = ("sessionId", "status", "endedAt", "spawnedBy", "spawnDepth", "label", "sessionStartedAt")
_ENDED = frozenset({"done", "failed", "killed", "timeout"})
_PI_NAME = re.compile(r"^\d{4}-\d\d-\d\dT[0-9-]+Z?_(?P<id>.+)$")


def companions(source: Source) -> list[str]:
    """Files a transcript or a cron run log is read with."""
    return [JOBS] if source.folder == "runs" else [SESSIONS]


def context(source: Source) -> dict[str, Any]:
    """This session's entry of ``sessions.json``, or this job's of ``jobs.json``, reduced to lasting facts."""
    line = first_line(source, MIB)
    try:
        head = as_object(codec.decode(line)) if line.lstrip()[:1] == b"{" else {}
    except codec.Undecodable:
        head = {}
    if "jobId" in head or source.folder == "runs":
        job = _job(source, as_text(head.get("jobId")) or stem(source.name))
        return {"job": job} if job else {}
    native = as_text(head.get("id")) if head.get("type") == "session" else None
    session = _session(source, native or stem(source.name))
    return {"session": session} if session else {}


def stem(name: str) -> str:
    """The session id a file name holds: without archive endings, and without the time pi puts in front.

    Examples:
        >>> stem("0233e1e5.jsonl.reset.2026-05-05T14-56-23.713Z")
        '0233e1e5'
    """
    bare = name.split(".jsonl", 1)[0]
    dated = _PI_NAME.match(bare)
    return dated["id"] if dated else bare


def _index(source: Source) -> dict[str, dict[str, Any]]:
    path = source.companion_path(SESSIONS)
    try:
        facts = path.stat()
    except OSError:
        return {}
    return _read_index(str(path), facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=2)
def _read_index(path: str, size: int, _modified_ns: int) -> dict[str, dict[str, Any]]:
    """The index, without its bulk. All sessions of a folder share it, so it is read once and not once for each."""
    entries = _decoded(Source(path, "", size=size), SESSIONS)
    return {
        key: {name: entry[name] for name in _ENTRY if name in entry}
        for key, entry in entries.items()
        if isinstance(entry, dict)
    }


def _decoded(source: Source, relative: str) -> dict[str, Any]:
    data = source.companion(relative)
    if data is None:
        return {}
    try:
        return as_object(codec.decode(data))
    except codec.Undecodable:
        return {}


def _session(source: Source, session_id: str) -> dict[str, Any]:
    index = _index(source)
    keys = [key for key, entry in index.items() if entry.get("sessionId") == session_id]
    if not keys:
        return {}
    # A cron session is listed under its job and under its run: the longer key says more.
    key = max(keys, key=lambda k: (len(k), k))
    entry = index[key]
    facts: dict[str, Any] = {"key": key}
    if as_text(entry.get("status")) in _ENDED:
        facts["status"] = entry["status"]
        facts["endedAt"] = entry.get("endedAt")
    if spawner := as_text(entry.get("spawnedBy")):
        facts["spawnedBy"] = spawner
        facts["spawnDepth"] = entry.get("spawnDepth")
        facts["label"] = entry.get("label")
        facts["parentSessionId"] = _session_of_key(index, spawner, entry)
    return facts


def _session_of_key(index: dict[str, dict[str, Any]], key: str, child: dict[str, Any]) -> str | None:
    """The session that stood behind a key when the child was spawned; ``None`` when the key has moved on since."""
    parent = index.get(key, {})
    began, spawned = parent.get("sessionStartedAt"), child.get("sessionStartedAt")
    if isinstance(began, int) and isinstance(spawned, int) and began > spawned:
        return None
    return as_text(parent.get("sessionId"))


def _job(source: Source, job_id: str) -> dict[str, Any]:
    for item in as_list(_decoded(source, JOBS).get("jobs")):
        job = as_object(item)
        if job.get("id") == job_id:
            payload = as_object(job.get("payload"))
            return {
                "id": job_id,
                "name": as_text(job.get("name")),
                "agentId": as_text(job.get("agentId")),
                "sessionTarget": as_text(job.get("sessionTarget")),
                "payloadKind": as_text(payload.get("kind")),
                "text": as_text(payload.get("message")) or as_text(payload.get("text")),
            }
    return {}
