"""Trajectories for tests: read raw from files, or written from scratch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from soma.adapters.swe_agent import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import DEFAULT_LIMITS, Limits
from tests.adapters import reading
from tests.adapters.reading import Readout


def raw_of(path: Path) -> dict[str, Any]:
    """A trajectory read without soma."""
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def step(action: str = "ls -F", observation: Any = "a.py", **fields: Any) -> dict[str, Any]:
    return {"action": action, "observation": observation, "thought": "look", "response": "look", "state": {}, **fields}


def trajectory(*steps: Any, exit_status: Any = "submitted", **fields: Any) -> dict[str, Any]:
    return {"trajectory": list(steps), "history": [], "info": {"exit_status": exit_status}, **fields}


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def read(*paths: Path, limits: Limits = DEFAULT_LIMITS) -> Readout:
    return reading.run(ADAPTER, *paths, limits=limits)


def only(path: Path, *steps: Any, **fields: Any) -> ExecutionDraft:
    """The execution of one trajectory; nothing of it may be damaged."""
    out = read(write(path / "task-1.traj", trajectory(*steps, **fields)))
    assert out.damage == []
    (execution,) = out.executions
    return execution


def decided(path: Path, *args: Any, **fields: Any) -> DecisionDraft:
    (decision,) = only(path, step(*args, **fields)).decisions
    return decision
