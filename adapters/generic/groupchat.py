"""Group chats: several named agents talk, and a terminal answers the code they write.

Such a chat (AutoGen's, among others) knows no tool calls. What an agent says is its choice: every message of an agent
is a decision, ``message:<speaker>``, or ``exec:<language>`` where it holds code; ``tool`` is the speaker. What the
terminal answers is no choice but the result of the message before it.

Notes that somebody wrote about the chat afterwards (who was to blame, what the answer would have been) are not read.
"""

from __future__ import annotations

import re
from typing import Any

from soma import identity
from soma.action import enrich
from soma.adapters.blocks.document import as_text
from soma.model import DecisionDraft, ExecutionDraft, Outcome
from soma.source import Record
from soma.text import clip

from .facts import facts_of, spelled
from .outcomes import timed_out
from .run_id import run_of_task
from .shapes import Group
from .spans import Span

_ANSWER = re.compile(r"\s*exitcode: (-?\d{1,9}) \(execution (?:succeeded|failed)\)")
_NO_CODE = re.compile(r"\s*There is no code from the last \d+ messages? for me to execute")
_CODE = re.compile(r"```[ \t]*([A-Za-z0-9_+-]{0,20})[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_TASK_TEXTS = ("question", "problem", "task")


def execution(record: Record, found: Group, spans: list[Span]) -> ExecutionDraft:
    """The run that a group chat is. The file names no run: what was said, and where it is written, tells runs apart."""
    near = {spelled(name): value for name, value in found.around[0].items()} if found.around else {}
    facts = facts_of(found.around)
    verdict = near.get("iscorrect")
    told = isinstance(verdict, bool) and facts.success is None
    decisions = _decisions(record, found.messages, spans)
    said = [f"{message.get('name')}\x1f{message.get('content')}" for message in found.messages]
    text = next((text for name in _TASK_TEXTS if (text := as_text(near.get(name))) is not None), None)
    execution_id = identity.qualified("chat", run_of_task(record.source, facts.task or "", text or "", said))
    return ExecutionDraft(
        execution_id=execution_id, framework="group-chat", agent_id=facts.agent or "", claims=[execution_id],
        session_id=facts.session, task_id=None if facts.task is None else identity.qualified("task", facts.task),
        task_text=text or facts.task_text, model=facts.model, status=facts.status,
        success=bool(verdict) if told else facts.success, success_from="evaluation" if told else facts.success_from,
        score=facts.score, error=facts.error, started_at=facts.started_at, ended_at=facts.ended_at,
        cost_usd=facts.cost, labels={} if facts.trial is None else {"trial": facts.trial}, decisions=decisions,
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


def _decisions(record: Record, messages: list[dict[str, Any]], spans: list[Span]) -> list[DecisionDraft]:
    decisions: list[DecisionDraft] = []
    for index, message in enumerate(messages):
        text = message["content"]
        if decisions and (answered := _answer(text)) is not None:
            last = decisions[-1]
            last.outcome = answered if last.output is None or answered != "unknown" else last.outcome
            last.output = clip(text)
            last.error = clip(text) if answered in {"failed", "timeout"} else last.error
            continue
        offset, length = spans[index] if spans else (record.offset, record.length)
        decisions.append(_said(message["name"], text, record.source.source_id, offset, length))
    return decisions


def _said(speaker: str, text: str, source_id: str, offset: int, length: int) -> DecisionDraft:
    """One message as a decision."""
    blocks = _CODE.findall(text)
    decision = DecisionDraft(tool=speaker, source_id=source_id, offset=offset, length=length)
    if blocks:
        language = next((name for name, _ in blocks if name), "") or "code"
        decision.action = enrich(language.lower(), {"code": blocks[0][1]}).action
        if not decision.action.startswith("exec:"):
            decision.action = f"exec:{language.lower()}"
        decision.role = "shell"
        decision.arguments = {"code": "\n".join(code for _, code in blocks)}
        decision.reasoning = clip(_CODE.sub("", text).strip()) or None
    else:
        decision.action, decision.role = f"message:{'_'.join(speaker.split())[:60]}", "message"
        decision.arguments = {"content": text}
    return decision


def _answer(text: str) -> Outcome | None:
    """How a terminal says it went; ``None`` when it is no terminal that speaks."""
    if (code := _ANSWER.match(text)) is not None:
        rest = text[code.end() :].partition("Code output:")[2]
        if int(code[1]) == 0:
            return "ok"
        return "timeout" if timed_out(rest) or int(code[1]) == 124 else "failed"
    return "unknown" if _NO_CODE.match(text) else None
