"""Is this agent healthy; why not; what should be done."""

from __future__ import annotations

from collections.abc import Sequence

from soma.synthesizer.agents import require_known
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import chain, divergence, drift, health, localize
from soma.synthesizer.jobs.health.compute import has_failed, last_failed
from soma.synthesizer.jobs.health.model import Run

from .compute import briefing_of
from .model import ActionRow, Binding, Briefing, EndRow, FailureRow, Found, InsightRow, Peak, RepeatRow


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
            (``soma.api.reporting``): a row of it counts only with its audit.

    Raises:
        NothingFound: if the vault holds no run of that agent.
    """
    status = health.run(vault, version=version, level=level)
    agents = {each.agent_id: each for each in status.agents}
    require_known(agent, agents)
    mine = agents[agent]
    runs = [each for each in answer(vault, Run, health.__name__, "query") if each.agent_id == agent]
    found = Found(
        failed={each.execution_id: has_failed(each, mine.measure) for each in runs},
        actions=answer(vault, ActionRow, __name__, "actions", (agent,)),
        failures=answer(vault, FailureRow, __name__, "failures", (agent,)),
        repeats=answer(vault, RepeatRow, __name__, "repeats", (agent,)),
        ends=answer(vault, EndRow, __name__, "ends", (agent,)),
        insights=answer(vault, InsightRow, __name__, "insights", (agent,)),
        drift=next(iter(drift.run(vault, agent).agents), None),
    )
    last = last_failed(runs, mine.measure)
    return briefing_of(
        mine,
        found,
        divergence.run(vault, [agent], level=level),
        chain.run(vault, last.execution_id).chains[0] if last else None,
        localize.run(vault, last.execution_id) if last else None,
        next(iter(answer(vault, Peak, __name__, "peak", (last.execution_id,))), None) if last else None,
        binding,
        version=version,
        level=level,
    )
