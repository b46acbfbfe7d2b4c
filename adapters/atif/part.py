"""One trajectory document: a whole run, one part of a continued run, or an embedded sub-agent's run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_count, as_list, as_object, as_text
from soma.identity import digest, qualified
from soma.model import ExecutionDraft
from soma.source import Record

from .own import facts_in, restore_execution
from .steps import Usage, decisions_of, flat_text, usage_of

FRAMEWORK = "atif"
PREFIX = "at"


class Part(msgspec.Struct):
    """What one document tells.

    Attributes:
        index: Place among the files of a continued run.
        draft: Its execution; ``turn`` of the decisions is the number of requests so far.
        requests: How many requests of the user it holds.
        counted: Whether its steps state what they cost; else the figures of ``draft`` are the document's totals.
    """

    index: int
    draft: ExecutionDraft
    requests: int
    counted: bool

    @property
    def rank(self) -> tuple[int, int, str, int]:
        """Of two readings of one part the greater one stands."""
        draft = self.draft
        return len(draft.decisions), draft.ended_at or 0, draft.source_id, -draft.offset


def part_of(document: dict[str, Any], record: Record) -> Iterator[Part]:
    """The document as a part, and every trajectory embedded in it, however deep."""
    waiting: list[tuple[dict[str, Any], str | None, str]] = [(document, None, _native(document))]
    while waiting:
        current, parent, native = waiting.pop()
        part = _part(current, record, native)
        part.draft.parent_execution_id = parent
        yield part
        embedded = map(as_object, as_list(current.get("subagent_trajectories")))
        for number, child in enumerate(embedded):
            name = as_text(child.get("trajectory_id")) or as_text(child.get("session_id")) or ""
            waiting.append((child, part.draft.execution_id, f"{native}/{number}-{name}"))


def _native(document: dict[str, Any]) -> str:
    exported = as_text(facts_in(document).get("execution_id"))
    if exported:
        # Runs soma exported keep apart even where session and opening are the same.
        return exported
    steps = [as_object(step) for step in as_list(document.get("steps"))]
    first = next((step for step in steps if step.get("source") == "user"), steps[0] if steps else {})
    opening = f"{_agent(document)}\n{flat_text(first.get('message')) or ''}"
    session = as_text(document.get("session_id")) or as_text(document.get("trajectory_id")) or ""
    return f"{session}~{digest(opening, size=4)}"


def _agent(document: dict[str, Any]) -> str:
    return as_text(as_object(document.get("agent")).get("name")) or ""


def _part(document: dict[str, Any], record: Record, native: str) -> Part:
    agent = as_object(document.get("agent"))
    model = as_text(agent.get("model_name"))
    execution_id = qualified(PREFIX, native)
    draft = ExecutionDraft(
        execution_id=execution_id, framework=FRAMEWORK, agent_id=_agent(document),
        session_id=as_text(document.get("session_id")), claims=[execution_id],
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip
    if (version := as_text(agent.get("version"))) and version != "unknown":
        draft.labels["agent_version"] = version
    steps = [as_object(step) for step in as_list(document.get("steps"))]
    own_steps = [step for step in steps if step.get("is_copied_context") is not True]
    requests = 0
    usages: list[Usage] = []
    models: Counter[str] = Counter()
    times = [at for step in own_steps if (at := clock.instant(step.get("timestamp"))) is not None]
    for step in own_steps:
        if step.get("source") == "user":
            requests += 1
            draft.task_text = draft.task_text or flat_text(step.get("message"))
        elif step.get("source") == "agent":
            for decision in decisions_of(step, record, model):
                decision.turn = decision.turn or requests
                draft.decisions.append(decision)
            usages.append(usage_of(as_object(step.get("metrics"))))
            models.update(filter(None, [as_text(step.get("model_name"))]))
    draft.model = model or next((name for name, _ in models.most_common(1)), None)
    draft.started_at, draft.ended_at = min(times, default=None), max(times, default=None)
    counted = any(usage != Usage(None, None, None, None) for usage in usages)
    _charge(draft, usages if counted else [usage_of(as_object(document.get("final_metrics")), "total_")])
    restore_execution(draft, facts_in(document))
    return Part(_index(agent, steps), draft, requests, counted)


def _index(agent: dict[str, Any], steps: list[dict[str, Any]]) -> int:
    stated = as_count(as_object(agent.get("extra")).get("continuation_index"))
    if stated is not None:
        return stated
    return 1 if steps and steps[0].get("is_copied_context") is True else 0


def _charge(draft: ExecutionDraft, usages: list[Usage]) -> None:
    names = ("tokens_in", "tokens_out", "cache_read", "cost")
    sums = [[value for usage in usages if (value := getattr(usage, name)) is not None] for name in names]
    totals = [sum(found) if found else None for found in sums]
    draft.tokens_in, draft.tokens_out, draft.tokens_cache_read = totals[0], totals[1], totals[2]
    draft.cost_usd = totals[3]
