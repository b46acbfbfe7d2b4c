"""From rows of ``executions`` and ``decisions`` to a chain. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .model import BROKEN, Chain, Link

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def chain_of(execution: Mapping[str, Any], decisions: Sequence[Mapping[str, Any]]) -> Chain:
    """The chain of one execution; ``decisions`` in step order."""
    links = _links(decisions)
    broken = [link for link in links if link.outcome in BROKEN]
    costliest = max(broken, key=lambda link: (link.duration_ms or 0.0, -link.number), default=None)
    return Chain(
        execution_id=execution["execution_id"],
        agent_id=execution["agent_id"],
        framework=execution["framework"],
        task=execution["task_text"] or execution["task_id"],
        model=execution["model"],
        status=execution["status"],
        success=execution["success"],
        success_from=execution["success_from"],
        error=execution["error"],
        started_at=_micros(execution["started_at"]),
        duration_ms=execution["duration_ms"],
        outcomes=dict(sorted(Counter(link.outcome for link in links).items())),
        decisions=tuple(links),
        costliest=costliest.number if costliest and costliest.duration_ms else None,
        signature=execution["signature"],
        labels=dict(execution["labels"]),
    )


def _links(decisions: Sequence[Mapping[str, Any]]) -> list[Link]:
    first: dict[tuple[str, str], int] = {}
    links = []
    for number, row in enumerate(decisions, start=1):
        call = (row["action"], row["arguments_digest"] or "")
        earlier = first.setdefault(call, number) if row["arguments_digest"] else number
        links.append(
            Link(
                number=number, decision_id=row["decision_id"], turn=row["turn"], kind=row["kind"], action=row["action"],
                tool=row["tool"], outcome=row["outcome"], duration_ms=row["duration_ms"], arguments=row["arguments"],
                reasoning=row["reasoning"], error=row["error"], output=row["output"], alternatives=row["alternatives"],
                repeats=earlier if earlier != number else None,
                evidence=f"{row['source_id']}:{row['source_offset']}+{row['source_length']}",
            )
        )  # fmt: skip
    return links


def _micros(moment: dt.datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // dt.timedelta(microseconds=1)
