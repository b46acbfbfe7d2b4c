"""InterCode results: parallel lists of actions, observations and verdicts, one task after the other."""

from __future__ import annotations

from typing import Any

from soma import identity
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.model import DecisionDraft, ExecutionDraft, Outcome, Status
from soma.source import Record
from soma.text import clip

from .facts import facts_of
from .messages import flat, json_text
from .outcomes import timed_out
from .run_id import run_of_task
from .shapes import Entry

_TOOLS = (("bash", "bash"), ("sql", "sql"), ("python", "python"))
_CALL_OPEN, _CALL_CLOSE = "execute[", "]"
_SUBMIT = "submit"


def execution(record: Record, found: Entry) -> ExecutionDraft:
    """One attempt at one task. The file names neither run nor agent: see ``run_id`` for what tells runs apart."""
    entry = found.entry
    history = as_object(entry.get("turn_history"))
    summary = as_object(entry.get("summary"))
    facts = facts_of(found.around)
    query = as_text(entry.get("query"))
    actions = [action if isinstance(action, str) else json_text(action) for action in as_list(history.get("actions"))]
    native = run_of_task(record.source, str(found.path[-1]) if found.path else "", query or "", actions)
    reward = as_number(summary.get("max_reward"))
    if reward is None:
        rewards = [number for value in as_list(history.get("rewards")) if (number := as_number(value)) is not None]
        reward = max(rewards, default=None)
    execution_id = identity.qualified("ic", native)
    environment = as_text(entry.get("environment")) or ""
    return ExecutionDraft(
        execution_id=execution_id, framework="intercode", agent_id=facts.agent or "", claims=[execution_id],
        task_id=None if query is None else "intercode:" + identity.digest(query, size=12), task_text=query,
        model=facts.model, success=None if reward is None else reward >= 1, score=reward,
        success_from=None if reward is None else "reward", status=_status(actions, history, summary),
        labels=_labels(environment, entry, record),
        decisions=_decisions(actions, history, environment, record),
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


def _status(actions: list[str], history: dict[str, Any], summary: dict[str, Any]) -> Status:
    """An attempt that was summed up and saw what its last action did came to its end."""
    whole = len(as_list(history.get("observations"))) >= len(actions)
    return "completed" if whole and as_number(summary.get("max_reward")) is not None else "unknown"


def _labels(environment: str, entry: dict[str, Any], record: Record) -> dict[str, str]:
    labels = {"file": record.source.name, "environment": environment, "dataset": as_text(entry.get("dataset")) or ""}
    return {name: value for name, value in labels.items() if value}


def _decisions(actions: list[str], history: dict[str, Any], environment: str, record: Record) -> list[DecisionDraft]:
    shell = next((tool for mark, tool in _TOOLS if mark in environment.lower()), environment or "execute")
    observations, verdicts = as_list(history.get("observations")), as_list(history.get("valid_action"))
    thoughts = as_list(history.get("thoughts"))
    decisions: list[DecisionDraft] = []
    for step, action in enumerate(actions):
        seen = step < len(observations)
        output = clip(flat(observations[step])) if seen else None
        outcome = _outcome(verdicts[step] if step < len(verdicts) else None, seen, output or "")
        tool, arguments = _call(action, shell)
        decisions.append(DecisionDraft(
            tool=tool, arguments=arguments, outcome=outcome, output=output,
            error=(output or None) if outcome in {"failed", "timeout"} else None,
            reasoning=as_text(thoughts[step]) if step < len(thoughts) else None,
            source_id=record.source.source_id, offset=record.offset, length=record.length,
        ))  # fmt: skip
    return decisions


def _call(action: str, shell: str) -> tuple[str, dict[str, Any]]:
    """Tool and arguments of an action: ``submit`` ends the attempt, some prompts ask for ``execute[...]``."""
    text = action.strip()
    if text == _SUBMIT:
        return _SUBMIT, {}
    if text.startswith(_CALL_OPEN):
        return shell, {"command": text.removeprefix(_CALL_OPEN).removesuffix(_CALL_CLOSE)}
    return shell, {"command": action}


def _outcome(valid: Any, seen: bool, output: str) -> Outcome:
    if not seen or not isinstance(valid, bool):
        return "unknown"
    if valid:
        return "ok"
    return "timeout" if timed_out(output) else "failed"
