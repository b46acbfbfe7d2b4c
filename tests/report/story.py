"""Traces of two nights with a story in them: one agent polls and does well, one starts node, times out and fails.

They are AgentFlow graphs, written from a seed: the shape of a framework's files, with a truth that is known.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HOSTILE = '<img src=x onerror="document.title=1">\x1b[31m\u202e</script><script>alert(1)</script>'
RULES = '[[tasks]]\ntask = "inbox digest"\nagent = "*"\n'
KEY = "AKIA" + "Q7ZP4M2LX9TV3BNC"
_START = 1_795_700_000_000
_DAY, _RUN = 86_400_000, 600_000


def night(folder: Path, number: int, failing: Mapping[str, float], runs: int = 20) -> Path:
    """One night's traces in ``folder``: of each agent so many runs, of which about the share told fails."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(number)
    for place, (agent, share) in enumerate(failing.items()):
        for run in range(runs):
            graph = _graph(agent, chance.random() < share, _START + number * _DAY + run * _RUN, f"{number}{place}{run}")
            (folder / f"n{number}-a{place}-{run:02}.json").write_text(json.dumps(graph))
    return folder


def _graph(agent: str, bad: bool, at: int, name: str) -> dict[str, Any]:
    node = "node" in agent or agent == HOSTILE
    steps: list[tuple[str, str, str, int, str | None]] = [("exec", "himalaya list --unread", "completed", 900, None)]
    if node:
        error = "timed out after 30 s" if bad else None
        step = ("exec", "node digest.js --key " + KEY, "failed" if bad else "completed", 30_000 if bad else 800, error)
        steps += [step] * (3 if bad else 1)
    else:
        steps.append(("process", "poll", "failed" if bad else "completed", 400, "connection reset" if bad else None))
    steps.append(("write", "inbox/digest.md", "completed", 100, None))
    nodes: dict[str, Any] = {}
    start = at
    for number, (tool, told, status, took, error) in enumerate(steps, start=1):
        metadata: dict[str, Any] = {"args": {"command": told}, **({"error": error} if error else {})}
        nodes[f"s{number}"] = {
            "id": f"s{number}", "type": "tool", "name": tool, "startTime": at, "endTime": at + took, "status": status,
            "parentId": "root", "children": [], "metadata": metadata, "state": {},
        }  # fmt: skip
        at += took + 40
    ended = "failed" if bad else "completed"
    root = {
        "id": "root", "type": "agent", "name": agent, "startTime": start, "endTime": at, "status": ended,
        "parentId": None, "children": sorted(nodes), "metadata": {}, "state": {},
    }  # fmt: skip
    return {
        "id": f"graph-{name}", "rootNodeId": "root", "nodes": {"root": root, **nodes},
        "edges": [{"from": "root", "to": child, "type": "spawned"} for child in sorted(nodes)],
        "startTime": start, "endTime": at, "status": ended, "trigger": "cron", "agentId": agent, "events": [],
        "traceId": f"t{name}", "spanId": f"s{name}", "parentSpanId": None,
    }  # fmt: skip
