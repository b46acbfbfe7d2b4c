"""``codex exec --json``: events of threads, turns and items, without times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.model import DecisionDraft, ExecutionDraft, Outcome
from soma.source import Damage, Record

from .results import Result, flat, result_of
from .run import Run, content_key, thread_key
from .usage import Total

EVENTS = frozenset({
    "thread.started", "turn.started", "turn.completed", "turn.failed", "item.started", "item.updated",
    "item.completed", "error",
})  # fmt: skip
# The stream names kinds of items; these are the tools that rollouts of the same runs name.
_TOOLS = {"command_execution": "shell", "file_change": "apply_patch", "todo_list": "update_plan",
          "web_search": "web_search"}  # fmt: skip
_GIVEN = {"command_execution": ("command",), "file_change": ("changes",), "todo_list": ("items",),
          "web_search": ("query",), "collab_tool_call": ("prompt", "receiver_thread_ids")}  # fmt: skip


class Stream:
    """One file of events while it is read: one thread, or several that were written one after the other."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._totals: dict[str, Total] = {}
        self._current: Run | None = None
        self._items: dict[str, DecisionDraft] = {}
        self._taken: set[tuple[str, str | None]] = set()

    def take(self, record: Record, kind: str) -> Damage | None:
        """Read the next event.

        Returns:
            ``Damage`` for an item event without its item.
        """
        value = record.value
        if kind == "thread.started":
            self._open(record, as_text(value.get("thread_id")))
            return None
        run = self._current or self._open(record, None)
        if kind.startswith("item."):
            item = value.get("item")
            if not isinstance(item, dict):
                return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                              reason=f"an event {kind} without an item")  # fmt: skip
            self._item(run, record, item, kind == "item.completed")
        elif kind == "turn.started":
            run.begin()
            run.prompt(None)
        elif kind == "turn.completed":
            spent = self._totals[run.draft.execution_id].step(as_object(value.get("usage")))
            if spent is not None:
                spent.on_execution(run.draft)
            run.finish()
        else:
            run.fail(as_text(value.get("message")) or as_text(as_object(value.get("error")).get("message")))
        return None

    def finished(self) -> Iterator[ExecutionDraft]:
        """The executions of the file."""
        for run in self._runs.values():
            draft = run.finished()
            if draft is not None:
                yield draft

    def _open(self, record: Record, thread_id: str | None) -> Run:
        key = thread_key(thread_id) if thread_id is not None else content_key(record)
        if key not in self._runs:
            self._runs[key] = Run(key, thread_id, record)
            self._totals[key] = Total()
        # The ids of items are counters, and start again with every process.
        self._items.clear()
        self._current = self._runs[key]
        return self._current

    def _item(self, run: Run, record: Record, item: dict[str, Any], completed: bool) -> None:
        kind, item_id = as_text(item.get("type")), as_text(item.get("id"))
        if kind == "agent_message" or kind == "reasoning":
            text = as_text(item.get("text"))
            if completed and text:
                run.say(text) if kind == "agent_message" else run.think("event", text)
            return
        tool = _tool(item, kind)
        if tool is None:
            return
        decision = self._items.get(item_id) if item_id is not None else None
        if decision is None:
            name = (run.draft.execution_id, item_id)
            decision = run.call(record, tool, None, None if name in self._taken else item_id, None)
            self._taken.add(name)
            decision.global_id = None
            if item_id is not None:
                self._items[item_id] = decision
        decision.arguments = _arguments(item, kind)
        if completed:
            decision.offset, decision.length = record.offset, record.length
            run.conclude(decision, _result(item, kind))


def _tool(item: dict[str, Any], kind: str | None) -> str | None:
    if kind == "mcp_tool_call":
        return f"mcp__{as_text(item.get('server')) or 'unknown'}__{as_text(item.get('tool')) or 'unknown'}"
    if kind == "collab_tool_call":
        return as_text(item.get("tool")) or kind
    return _TOOLS.get(kind) if kind is not None else None


def _arguments(item: dict[str, Any], kind: str | None) -> Any:
    if kind == "mcp_tool_call":
        return item.get("arguments")
    return {name: item[name] for name in _GIVEN.get(kind or "", ()) if item.get(name) is not None}


def _result(item: dict[str, Any], kind: str | None) -> Result:
    status, code = item.get("status"), as_number(item.get("exit_code"))
    if kind == "command_execution":
        text = as_text(item.get("aggregated_output")) or ""
        if code is not None:
            # The same reading as of a rollout's exit code: 124 is a command that was stopped.
            return result_of({"output": text, "metadata": {"exit_code": code}})
    elif kind == "mcp_tool_call":
        error = as_text(as_object(item.get("error")).get("message"))
        text = error or flat(as_list(as_object(item.get("result")).get("content")))
        if error:
            return Result(text, "failed")
    else:
        text = ""
    outcomes: dict[Any, Outcome] = {"completed": "ok", "failed": "failed", "declined": "skipped"}
    if isinstance(status, str):
        return Result(text, outcomes.get(status, "unknown"))
    return Result(text, "ok" if kind in ("todo_list", "web_search") else "unknown")
