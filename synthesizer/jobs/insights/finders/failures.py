"""Errors that come back: which runs of which agents meet them, and how these runs end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from soma.synthesizer.error_text import likeness, telling_line
from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs.insights.confidence import of_share
from soma.synthesizer.jobs.insights.discovery import chance_of, discovered
from soma.synthesizer.jobs.insights.ground import LEAST, Effect, Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import LONG, SHORT, beside, named, of_runs
from soma.synthesizer.stats import proportion
from soma.synthesizer.wording import plain

COMMON = 0.05
"""An error is proposed where more than this share of an agent's runs meet it."""
_EVIDENCE = 20
_ACTIONS = 3


class Failure(msgspec.Struct, frozen=True):
    """One decision that failed; fields in the order of the columns of ``failures.sql``."""

    execution_id: str
    decision_id: str
    action: str
    timed_out: bool
    error: str | None


class Cluster(msgspec.Struct):
    """Failures whose messages say the same.

    Attributes:
        runs: First decision that met it, per execution.
        lines, actions: How many decisions have this line, this action.
        timeouts: How many timed out.
    """

    runs: dict[str, str] = msgspec.field(default_factory=dict)
    lines: Counter[str] = msgspec.field(default_factory=Counter)
    actions: Counter[str] = msgspec.field(default_factory=Counter)
    timeouts: int = 0


def find(ground: Ground) -> list[Finding]:
    """One finding per cluster of error texts that more than one run in twenty of some agent meets.

    Candidates are an agent with a cluster that enough of its runs meet; false discoveries are controlled over all.
    """
    clusters = clustered(answer(ground.vault, Failure, __package__, "failures"))
    candidates = []
    for key, cluster in sorted(clusters.items()):
        of_agent = Counter(ground.runs[execution].agent_id for execution in cluster.runs)
        for agent, many in sorted(of_agent.items()):
            if many >= LEAST:
                candidates.append((key, agent, proportion(many, len(ground.by_agent[agent]))))
    found = discovered(candidates, [chance_of(share, COMMON, least=LEAST) for _, _, share in candidates])
    agents: dict[str, list[str]] = defaultdict(list)
    for (key, agent, _), _q in found:
        agents[key].append(agent)
    return list(_told(ground, [(key, clusters[key], names) for key, names in sorted(agents.items())]))


def clustered(failures: Iterable[Failure]) -> dict[str, Cluster]:
    """Failures by what their message says; those without one by action."""
    seen: dict[str | None, tuple[str, str]] = {}
    clusters: dict[str, Cluster] = defaultdict(Cluster)
    for failure in failures:
        if failure.error not in seen:
            line = telling_line(failure.error)
            seen[failure.error] = (likeness(line) if line else "", line)
        key, line = seen[failure.error]
        cluster = clusters[key or f"no message from {failure.action}"]
        cluster.runs.setdefault(failure.execution_id, failure.decision_id)
        cluster.lines[line] += 1
        cluster.actions[failure.action] += 1
        cluster.timeouts += failure.timed_out
    return dict(clusters)


def _told(ground: Ground, clusters: Sequence[tuple[str, Cluster, list[str]]]) -> Iterator[Finding]:
    effects = [_effect(ground, cluster, agents) for _, cluster, agents in clusters]
    tested = [effect for effect, _ in effects if effect is not None]
    clear = {id(effect) for effect, _ in discovered(tested, [effect.difference.p_value for effect in tested])}
    for (key, cluster, agents), (effect, others) in zip(clusters, effects, strict=True):
        members = [run for agent in agents for run in ground.by_agent[agent]]
        met = [run for run in members if run.execution_id in cluster.runs]
        share = proportion(len(met), len(members))
        sure = of_share(share, against=COMMON)
        if not sure:
            continue
        # The telling ones first: runs that ended badly.
        met.sort(key=lambda run: (run.success is not False, run.status != "failed", run.execution_id))
        matters = effect if effect is not None and id(effect) in clear else None
        yield Finding(
            type="failure cluster",
            subject=key,
            claim=" ".join([_met(cluster, of_runs(share), agents), _ending(effect, others, matters is not None)]),
            confidence=sure,
            estimate=share.rate,
            low=share.interval.low,
            high=share.interval.high,
            support=len(members),
            agents=tuple(agents),
            tasks=ground.tasks_of(run.execution_id for run in met),
            evidence=tuple(cluster.runs[run.execution_id] for run in met[:_EVIDENCE]),
            at_stake=matters.difference.estimate if matters else None,
            details={"error": _first(cluster.lines), "action": _first(cluster.actions)},
        )


def _first(counted: Counter[str]) -> str:
    return min(counted, key=lambda text: (-counted[text], text))


def _met(cluster: Cluster, runs: str, agents: Sequence[str]) -> str:
    line = _first(cluster.lines)
    actions = sorted(cluster.actions, key=lambda action: (-cluster.actions[action], action))
    where = f"mostly in {named(actions[:_ACTIONS], 'action')}" if len(actions) > 1 else f"in {plain(actions[0], SHORT)}"
    if line:
        return f"“{plain(line, LONG)}” comes up in {runs} of {named(agents)}, {where}."
    ends = "times out" if 2 * cluster.timeouts > sum(cluster.actions.values()) else "fails"
    return f"{plain(actions[0], SHORT)} {ends} without a message in {runs} of {named(agents)}."


def _effect(ground: Ground, cluster: Cluster, agents: Sequence[str]) -> tuple[Effect | None, str]:
    """How these runs end beside others, and beside which: of the same agent and task, else of the task by anyone."""
    own = ground.effect(cluster.runs, (run for agent in agents for run in ground.by_agent[agent]))
    if own is not None:
        return own, "other runs of the same agent and task"
    anyone = ground.effect_by_task(cluster.runs)
    return anyone, "other runs of the same tasks by any agent"


def _ending(effect: Effect | None, others: str, clear: bool) -> str:
    if effect is None:
        return "There are too few other runs of the same tasks to say how these end."
    return f"{beside(effect, others)}{'' if clear else ': no clear difference'}."
