"""Ids of decisions: of the execution and the framework's own id of the call, else of its place."""

from __future__ import annotations

from collections.abc import Sequence

from soma import identity
from soma.harvester.resolve import native_part


def natives(native_ids: Sequence[str | None]) -> list[str]:
    """The framework's own ids of decisions as they stand in ids of decisions; empty where there is none."""
    told = [native or "" for native in native_ids]
    try:
        if identity.are_plain(told):
            return told
    except TypeError:
        # A number, perhaps.
        pass
    return [native_part(native) if native else "" for native in told]


def decision_ids(natives: Sequence[str], execution_id: str) -> list[str]:
    """The ids of an execution's decisions, in their order; all that is given is redacted already."""
    if "" not in natives and len(set(natives)) == len(natives):
        start = f"{execution_id}#"
        return [start + native for native in natives]
    return _told_apart(natives, execution_id)


def _told_apart(natives: Sequence[str], execution_id: str) -> list[str]:
    found: list[str] = []
    taken: set[str] = set()
    for step, native in enumerate(natives):
        decision_id = f"{execution_id}#{native}" if native else f"{execution_id}/{step}"
        repeat = 1
        # Some frameworks use one call id several times in a run; position in the run tells them apart.
        while decision_id in taken:
            repeat += 1
            decision_id = f"{execution_id}#{native}~{repeat}"
        taken.add(decision_id)
        found.append(decision_id)
    return found
