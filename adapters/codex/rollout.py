"""Rollouts: lines of ``{timestamp, type, payload}``, and the bare response items of early versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from soma import clock, codec, identity
from soma.adapters.blocks.document import as_object, as_text
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Damage, Record

from .results import Result, flat, result_of, result_of_event
from .run import PREFIX, Run, content_key, thread_key
from .threads import Thread, Threads, describe, place
from .usage import Total

ENVELOPES = frozenset({"session_meta", "response_item", "event_msg", "turn_context", "compacted"})
UNKNOWN = "unknown"
# Hosted by the model's side: Codex writes the call when it is over, and no answer.
_HOSTED = frozenset({"web_search_call", "tool_search_call", "image_generation_call"})
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output", "local_shell_call_output",
                      "mcp_tool_call_output", "tool_search_output"})  # fmt: skip
_ENDS = frozenset({"exec_command_end", "patch_apply_end", "mcp_tool_call_end"})
_CONTEXT = (
    "<environment_context>",
    "<user_instructions>",
    "<permissions",
    "# AGENTS.md instructions",
    "<INSTRUCTIONS>",
)
_CWD = re.compile(r"<cwd>([^<\n]+)</cwd>|Current working directory: ([^\n]+)")


class Rollout:
    """One file while it is read: usually one thread, in a forked thread's file also those it descends from."""

    def __init__(self) -> None:
        self._threads = Threads()
        self._calls: dict[str, tuple[Run, DecisionDraft]] = {}
        self._total = Total()
        self._first_call: str | None = None

    def take(self, record: Record, kind: Any) -> Damage | None:
        """Read the next line.

        Returns:
            ``Damage`` for an envelope without its payload.
        """
        value = record.value
        at = clock.from_iso(value.get("timestamp"))
        self._threads.line(at)
        if not isinstance(kind, str) or kind not in ENVELOPES:
            self._early(record, kind, at)
            return None
        payload = value.get("payload")
        if not isinstance(payload, dict):
            return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                          reason=f"a line of type {kind} without a payload")  # fmt: skip
        if kind == "session_meta":
            self._meta(record, payload, at)
            return None
        if kind == "turn_context" or payload.get("type") == "task_started":
            self._threads.turn(payload)
        thread = self._thread(record)
        if thread.copied:
            at = None
        run = thread.run
        run.seen(at)
        if kind == "response_item":
            self._item(run, record, payload, at, bare=False)
        elif kind == "event_msg":
            self._event(run, payload)
        elif kind == "turn_context":
            self._context(run, payload)
        else:
            run.counts["compactions"] += 1
        return None

    def finished(self) -> Iterator[ExecutionDraft]:
        """The executions of the file."""
        runs = [thread.run for thread in self._threads.by_id.values()]
        drafts = [draft for run in runs if (draft := run.finished()) is not None]
        claims = {draft.execution_id for draft in drafts}
        if self._first_call is not None:
            # A copy that does not say whose it is still begins with the same call.
            claims.add(identity.qualified(PREFIX, f"call:{self._first_call}"))
        shared = sorted(claims)
        for draft in drafts:
            draft.claims = shared
            yield draft

    def _thread(self, record: Record) -> Thread:
        threads = self._threads
        if threads.current is None:
            key = content_key(record)
            threads.current = threads.add(key, Run(key, None, record), None)
        return threads.current

    def _meta(self, record: Record, meta: dict[str, Any], at: int | None) -> None:
        thread_id = as_text(meta.get("id"))
        if thread_id is None:
            return
        created = clock.instant(meta.get("timestamp"))
        thread = self._known(thread_id, record, created or at)
        if thread.described:
            return
        thread.described = True
        self._threads.current = thread
        thread.run.draft.started_at = created
        if not thread.copied:
            thread.run.seen(at)
        forked_from = describe(thread.run, meta)
        if forked_from is not None:
            self._known(forked_from, record, None)

    def _known(self, thread_id: str, record: Record, created: int | None) -> Thread:
        thread = self._threads.by_id.get(thread_id)
        return thread or self._threads.add(thread_id, Run(thread_key(thread_id), thread_id, record), created)

    def _early(self, record: Record, kind: Any, at: int | None) -> None:
        value = record.value
        if isinstance(kind, str):
            thread = self._thread(record)
            thread.run.seen(at)
            self._item(thread.run, record, value, at, bare=True)
        elif as_text(value.get("id")) and "timestamp" in value:
            self._meta(record, value, at)

    def _context(self, run: Run, payload: dict[str, Any]) -> None:
        run.part()
        model, cwd = as_text(payload.get("model")), as_text(payload.get("cwd"))
        if model is not None:
            run.uses(model)
        if cwd is not None and "cwd" not in run.draft.labels:
            place(run, cwd)

    def _event(self, run: Run, payload: dict[str, Any]) -> None:
        kind = payload.get("type")
        if kind == "agent_reasoning":
            if text := as_text(payload.get("text")):
                run.think("event", text)
        elif kind == "token_count":
            spent = self._total.step(as_object(as_object(payload.get("info")).get("total_token_usage")))
            if spent is not None:
                run.spend(spent)
        elif kind == "user_message":
            run.prompt(as_text(payload.get("message")))
        elif kind in ("task_started", "turn_started"):
            run.begin()
        elif kind in ("task_complete", "turn_complete"):
            run.finish()
        elif kind == "turn_aborted":
            run.abort()
        elif kind == "error":
            run.fail(as_text(payload.get("message")))
        elif isinstance(kind, str) and kind in _ENDS:
            call_id = as_text(payload.get("call_id"))
            result = result_of_event(payload)
            if call_id in self._calls and result is not None:
                of, decision = self._calls[call_id]
                if decision.output is None:
                    of.settle(decision, result)

    def _item(self, run: Run, record: Record, item: dict[str, Any], at: int | None, *, bare: bool) -> None:
        kind = item.get("type")
        if not isinstance(kind, str):
            return
        if kind == "message":
            self._message(run, item, bare)
        elif kind == "reasoning":
            text = flat(item.get("summary")) or flat(item.get("content"))
            if text:
                run.think("summary", text)
        elif kind in _OUTPUTS:
            output = item.get("output", item.get("result"))
            self._output(run, record, as_text(item.get("call_id")), result_of(output), at)
        elif kind in _HOSTED:
            self._call(run, record, item, kind, at)
            if item.get("status") in ("completed", "failed"):
                outcome = Result("", "ok" if item["status"] == "completed" else "failed")
                run.settle(run.draft.decisions[-1], outcome)
        elif kind in ("function_call", "custom_tool_call", "local_shell_call"):
            self._call(run, record, item, kind, at)

    def _message(self, run: Run, item: dict[str, Any], bare: bool) -> None:
        role, text = item.get("role"), flat(item.get("content"))
        if role == "assistant" and text:
            run.say(text, final=item.get("phase") in (None, "final_answer"))
        elif role == "user" and text.lstrip().startswith(_CONTEXT):
            found = _CWD.search(text)
            if found and "cwd" not in run.draft.labels:
                place(run, (found[1] or found[2]).strip())
        elif role == "user" and bare:
            # In an envelope the request comes again as user_message, without what Codex adds to it.
            run.prompt(text)

    def _call(self, run: Run, record: Record, item: dict[str, Any], kind: str, at: int | None) -> None:
        call_id = as_text(item.get("call_id")) or as_text(item.get("id"))
        arguments = _arguments(item)
        if call_id is not None and call_id in self._calls:
            _, known = self._calls[call_id]
            if known.tool == UNKNOWN or _same(known.arguments, arguments):
                return
            call_id = None  # a model server that numbers its calls anew
        decision = run.call(record, _tool(item, kind), arguments, call_id, at)
        if call_id is not None:
            self._calls[call_id] = run, decision
            if decision.global_id is not None:
                self._first_call = self._first_call or call_id

    def _output(self, run: Run, record: Record, call_id: str | None, result: Result, at: int | None) -> None:
        if call_id is not None and call_id in self._calls:
            of, decision = self._calls[call_id]
            if decision.output is None:
                of.conclude(decision, result, at)
            return
        # The call stands in a part of the file that is missing; that it was made and how it went is known.
        decision = run.call(record, UNKNOWN, None, call_id, None)
        run.conclude(decision, result)
        if call_id is not None:
            self._calls[call_id] = run, decision


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except RecursionError:
        return False


def _tool(item: dict[str, Any], kind: str) -> str:
    name, server = as_text(item.get("name")), as_text(item.get("namespace"))
    if name is None:
        return kind.removesuffix("_call")
    if server is not None and server.startswith("mcp__") and not name.startswith("mcp__"):
        return f"{server.rstrip('_')}__{name}"
    return name


def _arguments(item: dict[str, Any]) -> Any:
    for name in ("arguments", "input", "action", "query"):
        given = item.get(name)
        if given is None:
            continue
        if name == "arguments" and isinstance(given, str):
            try:
                parsed = codec.decode(given)
            except codec.Undecodable:
                return given
            return parsed if isinstance(parsed, dict | list) else given
        return given
    return None
