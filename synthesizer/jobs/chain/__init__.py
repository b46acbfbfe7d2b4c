"""One execution, decision by decision: from the vault, or straight from a trace file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.queries import query

from .compute import chain_of
from .model import Chain, Chains

if TYPE_CHECKING:
    import pyarrow as pa


def run(vault: Queryable, execution: str) -> Chains:
    """The chain of one execution of the vault; the beginning of its id is enough when only one fits.

    Raises:
        NothingFound: if no execution, or more than one, has such an id.
    """
    found = vault.sql(query(__name__, "executions"), (execution, execution)).to_pylist()
    exact = [row for row in found if row["execution_id"] == execution]
    found = exact or found
    if not found:
        raise NothingFound(
            f"there is no execution {execution!r}", hint="soma signatures names an execution of every path"
        )
    if len(found) > 1:
        some = ", ".join(row["execution_id"] for row in found[:5])
        raise NothingFound(f"{len(found)} executions begin with {execution!r}", hint=f"name one of them: {some}")
    decisions = vault.sql(query(__name__, "decisions"), (found[0]["agent_id"], found[0]["execution_id"])).to_pylist()
    return Chains(chains=(chain_of(found[0], decisions),))


class Read(NamedTuple):
    """An execution as its row, with its decisions in order."""

    execution: dict[str, Any]
    decisions: list[dict[str, Any]]

    def chain(self) -> Chain:
        """What ``run`` answers of it."""
        return chain_of(self.execution, self.decisions)


def several(vault: Queryable, executions: Sequence[str]) -> dict[str, Read]:
    """Execution id to its rows, of those that the vault shows: read together, however many there are."""
    rows = vault.sql(query(__name__, "several_executions"), (list(executions),)).to_pylist()
    found = {row["execution_id"]: Read(row, []) for row in rows}
    agents = sorted({row["agent_id"] for row in rows})
    for decision in vault.sql(query(__name__, "several_decisions"), (agents, list(found))).to_pylist():
        its = found[decision["execution_id"]]
        if decision["agent_id"] == its.execution["agent_id"]:
            its.decisions.append(decision)
    return found


def of_tables(executions: pa.Table, decisions: pa.Table) -> Chains:
    """The chains of executions that were just read from a file, in the order they began."""
    by_execution: dict[str, list[dict[str, object]]] = {}
    for row in decisions.to_pylist():
        by_execution.setdefault(row["execution_id"], []).append(row)
    chains = [chain_of(row, by_execution.get(row["execution_id"], [])) for row in executions.to_pylist()]
    return Chains(chains=tuple(sorted(chains, key=_began)))


def _began(chain: Chain) -> tuple[bool, int, str]:
    return (chain.started_at is None, chain.started_at or 0, chain.execution_id)


__all__: Sequence[str] = ["Chain", "Chains", "Read", "of_tables", "run", "several"]
