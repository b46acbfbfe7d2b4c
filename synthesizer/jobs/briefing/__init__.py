"""Is this agent healthy; why not; what should be done."""

from __future__ import annotations

from rapidfuzz import process

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import chain, divergence, health
from soma.synthesizer.jobs.health.compute import has_failed
from soma.synthesizer.jobs.health.model import Run

from .compute import briefing_of
from .model import ActionRow, Briefing, EndRow, ErrorRow, InsightRow, RepeatRow


def run(vault: Queryable, agent: str, *, version: int = 0, level: float = 0.95) -> Briefing:
    """The briefing of one agent.

    Raises:
        NothingFound: if the vault holds no run of that agent.
    """
    status = health.run(vault, version=version, level=level)
    known = {each.agent_id: each for each in status.agents}
    if agent not in known:
        near = [name for name, *_ in process.extract(agent, sorted(known), limit=3, score_cutoff=60)]
        hint = f"did you mean {' or '.join(near)}?" if near else "soma status lists the agents"
        raise NothingFound(f"the vault holds no run of an agent {agent!r}", hint=hint)
    mine = known[agent]
    failed = [
        each for each in answer(vault, Run, health.__name__, "query")
        if each.agent_id == agent and has_failed(each, mine.measure)
    ]  # fmt: skip
    last = max(failed, key=lambda each: (each.started_at or 0, each.execution_id), default=None)
    return briefing_of(
        mine,
        answer(vault, ActionRow, __name__, "actions", (agent,)),
        answer(vault, ErrorRow, __name__, "errors", (agent,)),
        answer(vault, RepeatRow, __name__, "repeats", (agent,))[0],
        answer(vault, EndRow, __name__, "ends", (agent,)),
        answer(vault, InsightRow, __name__, "insights", (agent,)),
        divergence.run(vault, [agent], level=level),
        chain.run(vault, last.execution_id).chains[0] if last else None,
        version,
    )
