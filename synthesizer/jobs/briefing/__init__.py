"""Is this agent healthy; why not; what should be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from soma.synthesizer.agents import require_known
from soma.synthesizer.inputs import Queryable, Row, answer, rows_of
from soma.synthesizer.jobs import chain, divergence, drift, health, localize
from soma.synthesizer.jobs.chain import Chain
from soma.synthesizer.jobs.health.compute import agent_health, has_failed, last_failed, measure_of
from soma.synthesizer.jobs.health.model import Run
from soma.synthesizer.jobs.localize import Localisation
from soma.synthesizer.kept import Keeping, kept
from soma.synthesizer.queries import query

from .compute import briefing_of, completed
from .model import ActionRow, Binding, Briefing, EndRow, FailureRow, Found, InsightRow, Peak, RepeatRow

WORTH_KEEPING = 2_000
"""Executions below which a briefing is made about as fast as a kept one is opened."""


def run(
    vault: Queryable, agent: str, *, version: int = 0, level: float = 0.95, binding: Sequence[Binding] = ()
) -> Briefing:
    """The briefing of one agent.

    Args:
        vault: The snapshot to answer from.
        agent: Its name, as ``soma status`` gives it.
        version: The snapshot's version, to be shown.
        level: Of all intervals.
        binding: Policies about the agent that are in force. Whoever may read the canon gives them
            (``soma.api.binding``): a row of it counts only with its audit.

    Raises:
        NothingFound: if the vault holds no run of that agent.
    """
    made = kept(vault, "briefing", {"agent": agent, "level": level}, Briefing, lambda: _made(vault, agent, level))
    last = made.last_failed
    return completed(
        made,
        answer(vault, InsightRow, __name__, "insights", (agent,)),
        next(iter(answer(vault, Peak, __name__, "peak", (last.execution_id,))), None) if last else None,
        binding,
        version=version,
    )


def _seen(vault: Queryable, row: type[Row], name: str, agent: str) -> list[Row]:
    """What one query finds of an agent; where all agents will be asked about, it is asked once of all of them."""
    text = query(__name__, name)
    many = text.count("?")
    if not isinstance(vault, Keeping):
        return _grouped(rows_of(vault, text, (agent,) * many), row).get(agent, [])
    everything = vault.once(("briefing", name), lambda: _grouped(rows_of(vault, text, (None,) * many), row))
    return everything.get(agent, [])


def _grouped(rows: Iterable[tuple[Any, ...]], row: type[Row]) -> dict[str, list[Row]]:
    return {agent: [row(*values[1:]) for values in group] for agent, group in groupby(rows, key=itemgetter(0))}


def _runs(vault: Queryable, agent: str) -> list[Run]:
    if not isinstance(vault, Keeping):
        return health.runs_of(vault, agent)
    return _runs_of_all(vault).get(agent, [])


def _runs_of_all(vault: Keeping) -> dict[str, list[Run]]:
    runs = vault.once(("health", "runs"), lambda: health.runs_of(vault))
    return vault.once(
        ("briefing", "runs"), lambda: {name: list(group) for name, group in groupby(runs, key=lambda run: run.agent_id)}
    )


def keep(vault: Keeping, least: int = WORTH_KEEPING) -> None:
    """Have the briefings of all agents answered, and so kept, in a vault of ``least`` executions or more."""
    status = health.run(vault)
    if status.executions >= least:
        for each in status.agents:
            run(vault, each.agent_id)


class _Failed(NamedTuple):
    """The last failed run of an agent."""

    chain: Chain
    blame: Localisation


def _made(vault: Queryable, agent: str, level: float) -> Briefing:
    """What a briefing says about the harvest alone: nobody's findings, decisions or replays are in it."""
    runs = _runs(vault, agent)
    if not runs:
        require_known(agent, (each.agent_id for each in health.run(vault, level=level).agents))
    mine = agent_health(agent, runs, level)
    found = Found(
        failed={each.execution_id: has_failed(each, mine.measure) for each in runs},
        actions=_seen(vault, ActionRow, "actions", agent),
        failures=_seen(vault, FailureRow, "failures", agent),
        repeats=_seen(vault, RepeatRow, "repeats", agent),
        ends=_seen(vault, EndRow, "ends", agent),
        drift=next(iter(drift.run(vault, agent).agents), None),
    )
    last = _last_failed(vault, agent, runs)
    return briefing_of(
        mine,
        found,
        divergence.run(vault, [agent], level=level),
        last.chain if last else None,
        last.blame if last else None,
        level=level,
    )


def _last_failed(vault: Queryable, agent: str, runs: Sequence[Run]) -> _Failed | None:
    """The last failed run; where all agents will be asked about, those of all are read at once."""
    if not isinstance(vault, Keeping):
        last = last_failed(runs, measure_of(runs))
        if last is None:
            return None
        return _Failed(chain.run(vault, last.execution_id).chains[0], localize.run(vault, last.execution_id))
    return vault.once(("briefing", "last failed"), lambda: _all_last_failed(vault)).get(agent)


def _all_last_failed(vault: Keeping) -> dict[str, _Failed]:
    last = (last_failed(runs, measure_of(runs)) for runs in _runs_of_all(vault).values())
    of_agent = {each.agent_id: each.execution_id for each in last if each is not None}
    read = chain.several(vault, list(of_agent.values()))
    blamed = localize.several(vault, read)
    return {agent: _Failed(read[its].chain(), blamed[its]) for agent, its in of_agent.items()}
