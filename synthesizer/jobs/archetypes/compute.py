"""From executions to kinds of executions: pure, and the same whatever order rows come in."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from soma.identity import digest
from soma.synthesizer.walks import Walks

from .cluster import Cluster, clusters_of
from .model import Archetype, Middle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_COMMON = 0.6
_NAMED = 6
Grouped = list[tuple[Archetype, tuple[str, ...]]]


def grouped_of(walks: Walks, assignments: Mapping[str, str], *, level: float = 0.95) -> tuple[Grouped, list[str]]:
    """Every archetype with its executions in order, the most frequent first; and executions that are like none."""
    import numpy as np

    recorded = walks.everyone[walks.recorded]
    taken = {
        walks.paths[int(walks.taken[members[0]])]: members
        for members in walks.by_label(recorded, walks.taken[recorded])
    }
    counts = {path: len(members) for path, members in taken.items()}
    clusters, alone = clusters_of(counts)
    _, tasks = walks.tasks(assignments)
    found: Grouped = []
    for cluster in clusters:
        members = np.sort(np.concatenate([taken[path] for path in cluster.paths]))
        archetype = _archetype(walks, cluster, members, walks.executions[int(taken[cluster.medoid][0])], tasks, level)
        found.append((archetype, tuple(walks.executions[place] for place in members.tolist())))
    return found, [walks.executions[place] for path in alone for place in taken[path].tolist()]


def common_actions(medoid: Sequence[str], paths: Iterable[tuple[Sequence[str], int]]) -> tuple[str, ...]:
    """The actions that at least 60 % of the executions take, in the order in which the medoid first takes them.

    Args:
        medoid: The path that names the others.
        paths: The different paths, each with how many executions took it.
    """
    having: Counter[str] = Counter()
    whole = 0
    for path, many in paths:
        whole += many
        for action in set(path):
            having[action] += many
    return tuple(action for action in dict.fromkeys(medoid) if having[action] >= _COMMON * whole)


def _archetype(
    walks: Walks, cluster: Cluster[str], members: Ints, example: str, tasks: Ints, level: float
) -> Archetype:
    import numpy as np

    numbers, counts = np.unique(walks.taken[members], return_counts=True)
    paths = ((walks.paths[number], many) for number, many in zip(numbers.tolist(), counts.tolist(), strict=True))
    common = walks.words.path(common_actions(cluster.medoid, paths) or cluster.medoid[:_NAMED])
    by_agent = np.bincount(walks.agents[members])
    agents = {walks.agent_names[agent]: int(by_agent[agent]) for agent in by_agent.nonzero()[0].tolist()}
    return Archetype(
        archetype_id="arc-" + digest("\x1f".join(common), size=6),
        label=_label(common),
        common=common,
        medoid=walks.words.path(cluster.medoid),
        medoid_execution=example,
        executions=len(members),
        paths=len(cluster.paths),
        spread=cluster.spread,
        agents=dict(sorted(agents.items(), key=lambda item: (-item[1], item[0]))),
        tasks=len(set(tasks[members].tolist()) - {-1}),
        success=walks.share("success", members, level),
        completed=walks.share("status", members, level),
        duration_ms=_middle(walks.durations_ms[members].tolist()),
        cost_usd=_middle(walks.costs_usd[members].tolist()),
    )


def _label(common: Sequence[str]) -> str:
    more = f" … ({len(common) - _NAMED} more)" if len(common) > _NAMED else ""
    return " → ".join(common[:_NAMED]) + more


def _middle(values: Iterable[float]) -> Middle | None:
    known = [value for value in values if not math.isnan(value)]
    return Middle(statistics.median(known), len(known)) if known else None
