"""Proposals that cannot hold together: one advises the very choice that another advises against, on the same work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from soma import codec

from .model import Insight, Status

_HELD: frozenset[Status] = frozenset({"pending", "promoted"})
_OPEN: Status = "pending"


def opposed(proposals: Sequence[Insight]) -> tuple[Insight, ...]:
    """The proposals in their order, those that wait for a decision with the ids of those they contradict.

    Two contradict each other where one prefers the choice the other avoids (``advice`` says how choices are told) and
    they are about a task in common; a finding without tasks is about all. What was rejected or replaced contradicts
    nothing, and what a person decided is never changed: then only the other of the two tells.
    """
    held = [item for item in proposals if item.status in _HELD]
    avoiding: dict[str, list[Insight]] = defaultdict(list)
    for item in held:
        if choice := details_of(item).get("avoids"):
            avoiding[choice].append(item)
    against: dict[str, set[str]] = defaultdict(set)
    for item in held:
        for other in avoiding.get(details_of(item).get("prefers") or "", ()):
            if other.insight_id != item.insight_id and _same_work(item, other):
                against[item.insight_id].add(other.insight_id)
                against[other.insight_id].add(item.insight_id)
    return tuple(
        msgspec.structs.replace(item, contradicts=sorted(against[item.insight_id])) if item.status == _OPEN else item
        for item in proposals
    )


def pairs_of(proposals: Iterable[Insight]) -> list[tuple[str, str]]:
    """Every pair of ids that contradict each other, once, in order; told by one of the two or by both."""
    found = {
        (min(item.insight_id, other), max(item.insight_id, other)) for item in proposals for other in item.contradicts
    }
    return sorted(found)


def details_of(item: Insight) -> dict[str, Any]:
    """What else belongs to a proposal; empty where it is not readable."""
    try:
        details = codec.decode(item.details)
    except codec.Undecodable:
        return {}
    return details if isinstance(details, dict) else {}


def _same_work(one: Insight, other: Insight) -> bool:
    return not one.tasks or not other.tasks or bool(set(one.tasks) & set(other.tasks))
