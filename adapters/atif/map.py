"""Trajectories to executions. Pure: the files of one continued run become one execution."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from soma.adapters.contract import Yield
from soma.model import ExecutionDraft
from soma.source import Damage, Record

from .part import Part, part_of
from .sniff import trajectories


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution per run, however many files hold it, and one per embedded sub-agent."""
    runs: dict[str, dict[int, Part]] = defaultdict(dict)
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        found = trajectories(record.value)
        if not found:
            yield _damage(record, "no ATIF trajectory")
        for document in found:
            if not isinstance(document.get("steps"), list):
                yield _damage(record, "an ATIF trajectory without steps")
                continue
            for part in part_of(document, record):
                parts = runs[part.draft.execution_id]
                known = parts.get(part.index)
                if known is None or part.rank > known.rank:
                    parts[part.index] = part
    for _, parts in sorted(runs.items()):
        yield _joined([parts[index] for index in sorted(parts)])


def _damage(record: Record, reason: str) -> Damage:
    return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length, reason=reason)


def _joined(parts: list[Part]) -> ExecutionDraft:
    draft = parts[0].draft
    requests = 0
    decisions = []
    for part in parts:
        for decision in part.draft.decisions:
            decision.turn = max(requests + decision.turn - 1, 0)
            decisions.append(decision)
        requests += part.requests
    draft.decisions = decisions
    if len(parts) == 1:
        return draft
    drafts = [part.draft for part in parts]
    draft.started_at = min((d.started_at for d in drafts if d.started_at is not None), default=None)
    draft.ended_at = max((d.ended_at for d in drafts if d.ended_at is not None), default=None)
    draft.status, draft.error = drafts[-1].status, drafts[-1].error
    draft.task_text = draft.task_text or next((d.task_text for d in drafts if d.task_text), None)
    draft.labels["files"] = str(len(parts))
    if any(part.counted for part in parts):
        for name in ("tokens_in", "tokens_out", "tokens_cache_read", "cost_usd"):
            known = [value for part in parts if part.counted and (value := getattr(part.draft, name)) is not None]
            setattr(draft, name, sum(known) if known else None)
    else:
        # Totals of a continuation cover what came before it.
        for name in ("tokens_in", "tokens_out", "tokens_cache_read", "cost_usd"):
            setattr(draft, name, getattr(drafts[-1], name))
    return draft
