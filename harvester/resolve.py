"""Counting once: copies of one execution, and decisions that several executions replay. Pure, whatever the order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from soma import identity
from soma.model import DecisionDraft, ExecutionDraft

from .portion import Told

_NEVER = 1 << 62


def native_part(native_id: str) -> str:
    """The framework's own id of a decision as it stands in a decision id, behind the ``#``."""
    return identity.qualified("", native_id).removeprefix(":")


def resolve(
    drafts: Iterable[ExecutionDraft], paths: Mapping[str, str], told: Mapping[str, Sequence[Told]] | None = None
) -> list[ExecutionDraft]:
    """One draft per execution id, every shared decision in one of them, ordered by execution id.

    Of two readings of one execution the fuller one stands: more decisions, then the later end, then more tokens, then
    the smaller path, so that the result does not depend on the order of ``drafts``. A decision that several executions
    hold (a fork or a resumed session replays its parent's history) stays in the execution that ended first.

    Args:
        drafts: All readings of a family of sources.
        paths: Source id to path.
        told: Decisions that stay in the vault from relatives that cannot be read now, by ``native_part``: a replay of
            one of them is not counted again.
    """
    best: dict[str, ExecutionDraft] = {}
    for draft in drafts:
        other = best.get(draft.execution_id)
        if other is None or _rank(draft, paths) < _rank(other, paths):
            best[draft.execution_id] = draft
    chosen = [best[execution_id] for execution_id in sorted(best)]
    _settle_shared(chosen)
    if told:
        for draft in chosen:
            draft.decisions = [decision for decision in draft.decisions if not _is_told(decision, told, best)]
    return chosen


def _rank(draft: ExecutionDraft, paths: Mapping[str, str]) -> tuple[int, int, int, str, int]:
    path = paths.get(draft.source_id, draft.source_id)
    return (-len(draft.decisions), -(draft.ended_at or 0), -(draft.tokens_out or 0), path, draft.offset)


def _settle_shared(chosen: list[ExecutionDraft]) -> None:
    twins = [twin for draft in chosen for each in draft.decisions if (twin := each.global_id) is not None]
    if len(set(twins)) == len(twins):
        return
    owner: dict[str, str] = {}
    for draft in sorted(chosen, key=lambda d: (d.ended_at or _NEVER, d.execution_id)):
        for decision in draft.decisions:
            if decision.global_id is not None:
                owner.setdefault(decision.global_id, draft.execution_id)
    for draft in chosen:
        seen: set[str] = set()
        own = []
        for decision in draft.decisions:
            twin = decision.global_id
            if twin is not None:
                if owner[twin] != draft.execution_id or twin in seen:
                    continue
                seen.add(twin)
            own.append(decision)
        draft.decisions = own


def _is_told(decision: DecisionDraft, told: Mapping[str, Sequence[Told]], present: Mapping[str, object]) -> bool:
    if decision.global_id is None or not decision.native_id:
        return False
    # An execution that some present source still holds was settled among the drafts.
    return any(
        other.started_at == decision.started_at and other.execution_id not in present
        for other in told.get(native_part(decision.native_id), ())
    )
