"""From executions to kinds of executions: pure, and the same whatever order rows come in."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from soma.identity import digest
from soma.synthesizer.stats import Proportion, proportion

from .cluster import Cluster, Path, clusters_of
from .model import Archetype, Middle, Run

_COMMON = 0.6
_NAMED = 6
Grouped = list[tuple[Archetype, tuple[str, ...]]]


def grouped_of(runs: Sequence[Run], tasks: Mapping[str, str], *, level: float = 0.95) -> tuple[Grouped, list[str]]:
    """Every archetype with its executions in order, the most frequent first; and executions that are like none."""
    taken: dict[Path, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.execution_id):
        taken[tuple(run.actions)].append(run)
    clusters, alone = clusters_of({path: len(members) for path, members in taken.items()})
    found: Grouped = []
    for cluster in clusters:
        members = sorted((run for path in cluster.paths for run in taken[path]), key=lambda run: run.execution_id)
        archetype = _archetype(cluster, members, taken[cluster.medoid][0].execution_id, tasks, level)
        found.append((archetype, tuple(run.execution_id for run in members)))
    return found, [run.execution_id for path in alone for run in taken[path]]


def common_actions(medoid: Path, runs: Iterable[Run]) -> tuple[str, ...]:
    """The actions that at least 60 % of the executions take, in the order in which the medoid first takes them."""
    sets = [set(run.actions) for run in runs]
    having = Counter(action for actions in sets for action in actions)
    return tuple(action for action in dict.fromkeys(medoid) if having[action] >= _COMMON * len(sets))


def _archetype(
    cluster: Cluster, runs: Sequence[Run], example: str, tasks: Mapping[str, str], level: float
) -> Archetype:
    common = common_actions(cluster.medoid, runs) or cluster.medoid[:_NAMED]
    judged = [run.success for run in runs if run.success is not None]
    ended = [run.status == "completed" for run in runs if run.status != "unknown"]
    agents = Counter(run.agent_id for run in runs)
    return Archetype(
        archetype_id="arc-" + digest("\x1f".join(common), size=6),
        label=_label(common),
        common=common,
        medoid=cluster.medoid,
        medoid_execution=example,
        executions=len(runs),
        paths=len(cluster.paths),
        spread=cluster.spread,
        agents=dict(sorted(agents.items(), key=lambda item: (-item[1], item[0]))),
        tasks=len({tasks[run.execution_id] for run in runs if run.execution_id in tasks}),
        success=_share(judged, level),
        completed=_share(ended, level),
        duration_ms=_middle(run.duration_ms for run in runs),
        cost_usd=_middle(run.cost_usd for run in runs),
    )


def _label(common: Path) -> str:
    more = f" … ({len(common) - _NAMED} more)" if len(common) > _NAMED else ""
    return " → ".join(common[:_NAMED]) + more


def _share(outcomes: Sequence[bool], level: float) -> Proportion | None:
    return proportion(sum(outcomes), len(outcomes), level) if outcomes else None


def _middle(values: Iterable[float | None]) -> Middle | None:
    known = [value for value in values if value is not None]
    return Middle(statistics.median(known), len(known)) if known else None
