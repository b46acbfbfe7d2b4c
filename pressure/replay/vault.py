"""Recordings made of what a vault holds: one execution with its sub-agents, or all of one agent in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import permutations
from typing import TYPE_CHECKING, Any

from soma.config import TrustRule
from soma.errors import NothingFound, UsageError
from soma.globs import any_of
from soma.pressure.action import of_row
from soma.pressure.constants import DELEGATION_TRUST
from soma.pressure.engine import Configuration
from soma.pressure.graph import Edge

from .recording import Begin, Event, Recording, Step, of_events

if TYPE_CHECKING:
    from soma.vault import Snapshot

_AT_ONCE = 500
# Levels of delegation that are followed.
_DEEPEST = 20


def query(name: str) -> str:
    """The text of a query of this package."""
    return files("soma.pressure.replay").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def of_agent(snapshot: Snapshot, agent: str, configuration: Configuration) -> Recording:
    """All executions of an agent one after the other, each a session: its baselines grow over them.

    Raises:
        NothingFound: if the vault knows no such agent.
    """
    executions = snapshot.sql(query("executions"), [agent, agent, None, None]).to_pylist()
    if not executions:
        raise NothingFound(f"the vault knows no agent {agent!r}")
    events: list[Event] = []
    for execution, steps in zip(executions, _steps(snapshot, executions, [agent] * len(executions)), strict=True):
        events.append(Begin(agent, execution["execution_id"], execution["task_text"]))
        events += steps
    return of_events(events, configuration)


def each_execution(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], list[Event]]]:
    """Every execution by itself, as a session of its agent: its row (id, agent, framework, success) and its events."""
    rows = snapshot.sql(query("all")).to_pylist()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        for row, steps in zip(some, _steps(snapshot, some, [row["agent_id"] for row in some]), strict=True):
            yield row, [Begin(row["agent_id"], row["execution_id"], row["task_text"]), *steps]


def of_execution(
    snapshot: Snapshot, execution_id: str, configuration: Configuration, trust: Sequence[TrustRule] = ()
) -> Recording:
    """One execution with all that was delegated from it, in the order of time, distress flowing to who delegated.

    Args:
        snapshot: The vault.
        execution_id: The beginning of the id is enough.
        configuration: What the engine is to be set to.
        trust: Edges that were declared, before those that delegation suggests.

    Raises:
        NothingFound: if the vault knows no such execution.
        UsageError: if several ids begin so.
    """
    named = snapshot.sql(query("executions"), [None, None, execution_id, execution_id]).to_pylist()
    if not named:
        raise NothingFound(f"the vault knows no execution {execution_id!r}")
    # The id of a sub-agent's execution may begin with its parent's: the parent is what was meant.
    root = min((row["execution_id"] for row in named), key=len)
    if not all(row["execution_id"].startswith(root) for row in named):
        raise UsageError(f"{len(named)} executions begin with {execution_id!r}", hint="type more of the id")
    family = _family(snapshot, next(row for row in named if row["execution_id"] == root))
    names = _names(family)
    of_id = {row["execution_id"]: name for row, name in zip(family, names, strict=True)}
    delegated = {(of_id[row["execution_id"]], of_id[row["parent"]]) for row in family if row["parent"]}
    agent_of = {name: row["agent_id"] for row, name in zip(family, names, strict=True)}
    edges = []
    for pair in permutations(names, 2):
        declared = _trust(agent_of[pair[0]], agent_of[pair[1]], trust)
        if declared is not None or pair in delegated:
            edges.append(Edge(*pair, DELEGATION_TRUST if declared is None else declared))
    events: list[Event] = [
        Begin(name, row["execution_id"], row["task_text"]) for row, name in zip(family, names, strict=True)
    ]
    events += _in_time(_steps(snapshot, family, names))
    return of_events(events, configuration, edges)


def _family(snapshot: Snapshot, root: dict[str, Any]) -> list[dict[str, Any]]:
    """An execution and all that were delegated from it, parents before children, each with its ``parent``."""
    family = [root | {"parent": None}]
    known, above = {root["execution_id"]}, [root["execution_id"]]
    for _ in range(_DEEPEST):
        found = snapshot.sql(query("family"), [above]).to_pylist()
        family += (below := [row for row in found if row["execution_id"] not in known])
        above = [row["execution_id"] for row in below]
        if not above:
            break
        known.update(above)
    return family


def _trust(source: str, target: str, rules: Sequence[TrustRule]) -> float | None:
    """What the first rule about these two agents declares."""
    return next((rule.trust for rule in rules if any_of([rule.source], source) and any_of([rule.target], target)), None)


def _names(family: Sequence[dict[str, Any]]) -> list[str]:
    """What the engine calls each: the agent, numbered from the second execution of one agent on."""
    seen: dict[str, int] = {}
    names = []
    for row in family:
        agent = row["agent_id"] or "agent"
        seen[agent] = seen.get(agent, 0) + 1
        names.append(agent if seen[agent] == 1 else f"{agent} ({seen[agent]})")
    return names


def steps_of(snapshot: Snapshot, executions: Sequence[str], names: Sequence[str]) -> list[list[Step]]:
    """The steps of each of ``executions``, in order; the agents are called ``names``."""
    found: list[list[Step]] = [[] for _ in executions]
    for row in snapshot.sql(query("decisions"), [list(executions), list(range(len(executions)))]).to_pylist():
        found[row["place"]].append(Step(names[row["place"]], of_row(row), row["decision_id"]))
    return found


def _steps(snapshot: Snapshot, executions: Sequence[dict[str, Any]], names: Sequence[str]) -> list[list[Step]]:
    return steps_of(snapshot, [row["execution_id"] for row in executions], names)


def _in_time(each: Iterable[list[Step]]) -> list[Step]:
    """All steps by time; one without a time comes straight after its predecessor."""
    keyed = []
    for place, steps in enumerate(each):
        at = 0
        for number, step in enumerate(steps):
            at = max(at, step.action.started_at or 0)
            keyed.append((at, place, number, step))
    return [step for *_, step in sorted(keyed, key=lambda item: item[:3])]
