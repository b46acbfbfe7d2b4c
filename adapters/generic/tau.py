"""What tau-bench results add to plain chat: where tasks come from, what an error looks like, how a run ends."""

from __future__ import annotations

import re
from typing import Any

from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.model import Outcome, Status

from .facts import Facts
from .messages import Result, flat
from .outcomes import judge

_POLICY = re.compile(r"\s*#*\s*(\w+) agent policy\b", re.IGNORECASE)


def judge_result(result: Result) -> tuple[Outcome, str | None]:
    """Outcome of a tool: tau-bench tools report an error as a text that starts with ``Error``."""
    if result.text.startswith("Error"):
        return "failed", result.text
    return judge(result)


def task_of(facts: Facts, run: dict[str, Any]) -> str | None:
    """The task with its domain, which only the agent's policy names: ``retail:17``."""
    if facts.task is None:
        return None
    first = as_object(next(iter(as_list(run.get("traj"))), None))
    told = _POLICY.match(flat(first.get("content"))[:200]) if first.get("role") == "system" else None
    return f"{told.group(1).lower()}:{facts.task}" if told else facts.task


def status_of(run: dict[str, Any]) -> Status:
    """How a run ended: it is evaluated once the conversation is over; a crash leaves its error instead."""
    info = as_object(run.get("info"))
    if as_text(info.get("error")) is not None:
        return "failed"
    return "completed" if as_object(info.get("reward_info")) else "unknown"
