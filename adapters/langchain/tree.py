"""The tree of a trace: which run lies under which, in what order they began, and whose run each of them is.

Order is that of ``dotted_order``: depth first, siblings by the instant they began, then by id. It is rebuilt from the
parents, so that exports without ``dotted_order``, or with runs filtered out, are ordered alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .about import OWN_NAME_KEY
from .runs import Run


class Place(msgspec.Struct, gc=False):
    """A run in its trace.

    Attributes:
        parent: The run above it that the sources hold.
        owner: Id of the execution's first run: the trace's id, or the run that starts a sub-agent.
        caller: The nearest tool run above it inside the same execution.
        told_above: Whether a model run above it already tells what this model run tells.
    """

    run: Run
    parent: Run | None
    owner: str
    caller: Run | None = None
    told_above: bool = False


class Trace(msgspec.Struct):
    """All runs of one trace in order.

    Attributes:
        root: The run the trace began with, when the sources hold it.
        delegations: For every sub-agent's first run: the execution and the tool run that called it.
    """

    trace_id: str
    root: Run | None
    places: list[Place]
    delegations: dict[str, tuple[str, Run]]


def traces_of(runs: dict[str, Run]) -> Iterator[Trace]:
    """The traces in ``runs``, in the order of their ids."""
    found: dict[str, list[Run]] = {}
    known: dict[str, str] = {}
    for run in runs.values():
        trace_id = run.trace_id if run.trace_id is not None and not known else _trace_id(run, runs, known)
        found.setdefault(trace_id, []).append(run)
    for trace_id in sorted(found):
        yield _built(trace_id, found[trace_id])


def _trace_id(run: Run, runs: dict[str, Run], known: dict[str, str]) -> str:
    """The trace a run says it belongs to, else that of the runs above it, else the topmost id that is heard of."""
    climbed: dict[str, None] = {}
    above = run
    while above.run_id not in known and above.trace_id is None:
        climbed[above.run_id] = None
        if above.parent_id in climbed:
            # Runs that name each other as parents: any of them may be met first, so the smallest id stands for all.
            known[above.run_id] = min(climbed)
        elif above.parent_id in runs:
            above = runs[above.parent_id]
        else:
            known[above.run_id] = above.parent_id or above.run_id
    trace_id = known.get(above.run_id) or above.trace_id or above.run_id
    known.update(dict.fromkeys(climbed, trace_id))
    return trace_id


def _built(trace_id: str, members: list[Run]) -> Trace:
    members.sort(key=lambda run: (run.began or run.started_at or 0, run.run_id))
    inside = {run.run_id: run for run in members}
    tops: list[Run] = []
    children: dict[str, list[Run]] = {}
    for run in members:
        above = _parent(run, inside, trace_id)
        if above is None:
            tops.append(run)
        else:
            children.setdefault(above, []).append(run)
    trace = Trace(trace_id, inside.get(trace_id), [], {})
    # Runs that name each other as parents hang from no top: the earliest of them then serves as one.
    seen: set[str] = set()
    for top in (*tops, *members):
        if top.run_id not in seen:
            _walk(top, children, trace, seen)
    if trace.root is None:
        trace.root = next((run for run in tops if run.parent_id is None and not run.ancestors), None)
    return trace


def _parent(run: Run, inside: dict[str, Run], trace_id: str) -> str | None:
    """The nearest run above that is there; the root when all between were filtered out of the export."""
    if run.run_id == trace_id:
        return None
    if run.parent_id in inside and run.parent_id != run.run_id:
        return run.parent_id
    for candidate in reversed(run.ancestors):
        if candidate in inside and candidate != run.run_id:
            return candidate
    orphaned = run.parent_id is not None or bool(run.ancestors)
    return trace_id if orphaned and trace_id in inside else None


def _walk(top: Run, children: dict[str, list[Run]], trace: Trace, seen: set[str]) -> None:
    waiting = [Place(top, None, trace.trace_id)]
    while waiting:
        place = waiting.pop()
        run = place.run
        if run.run_id in seen:
            continue
        seen.add(run.run_id)
        if place.caller is not None and _starts_agent(run, place.caller):
            trace.delegations[run.run_id] = (place.owner, place.caller)
            place.owner, place.caller = run.run_id, None
        trace.places.append(place)
        caller = run if run.run_type == "tool" else place.caller
        told = place.told_above or (run.run_type == "llm" and run.message is not None and run.message.tells)
        if (below := children.get(run.run_id)) is not None:
            waiting.extend([Place(child, run, place.owner, caller, told) for child in reversed(below)])


def _starts_agent(run: Run, tool: Run) -> bool:
    """Whether ``run``, somewhere under ``tool``, is the first of another agent's runs."""
    name = run.metadata.get(OWN_NAME_KEY)
    return run.run_type == "chain" and name is not None and name != tool.metadata.get(OWN_NAME_KEY)
