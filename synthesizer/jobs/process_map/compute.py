"""Counts to the map: which edges go with failing, which lead back, which are rare. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from soma.synthesizer.stats import Difference, Stratum, benjamini_hochberg, compare, proportion

from .loops import Ends, loops
from .model import Edge, Folded, Loop, Measure, Node, ProcessMap, Run, Taken, Transition, Verdict, Within

FEWEST_COMPARED = 5
MOST_COMPARED = 100
FALSE_FINDINGS = 0.05
SHARE = 0.05
MOST_SHOWN = 40


class Picked(msgspec.Struct, frozen=True, kw_only=True):
    """The executions of a map, with what the queries need to know of each."""

    runs: tuple[Run, ...]
    measure: Measure
    within: Within
    good: tuple[bool | None, ...]
    strata: tuple[int, ...]


def picked(runs: Sequence[Run], tasks: Mapping[str, str]) -> Picked:
    """By what the executions are judged, and which of them are alike enough to be compared.

    Success where it is known of at least as many as half of those whose end is known, else completed against failed.
    Strata are agent and task where at least half of the judged executions share both with another, else the agent.
    """
    judged = sum(run.success is not None for run in runs)
    ended = sum(run.status != "unknown" for run in runs)
    measure: Measure = "success" if judged and 2 * judged >= ended else "status"
    good = [run.success if measure == "success" else _completed(run) for run in runs]
    keys = [(run.agent_id, tasks.get(run.execution_id)) for run in runs]
    of_known = Counter(key for key, well in zip(keys, good, strict=True) if well is not None and key[1] is not None)
    repeated = sum(many for many in of_known.values() if many > 1)
    by_task = 2 * repeated >= sum(well is not None for well in good) and repeated > 0
    strata: list[tuple[str, str | None]] = keys if by_task else [(agent, None) for agent, _ in keys]
    numbers = {key: number for number, key in enumerate(sorted(set(strata), key=lambda key: (key[0], key[1] or "")))}
    return Picked(
        runs=tuple(runs),
        measure=measure,
        within="task" if by_task else "agent",
        good=tuple(good),
        strata=tuple(numbers[key] for key in strata),
    )


def _completed(run: Run) -> bool | None:
    return None if run.status == "unknown" else run.status == "completed"


def map_of(
    chosen: Picked,
    transitions: Sequence[Transition],
    asked: Sequence[Ends],
    taken: Iterable[Taken],
    nodes: Sequence[Node],
    *,
    agent: str | None = None,
    task: str | None = None,
    level: float = 0.95,
) -> ProcessMap:
    """The whole graph, nothing left off; ``taken`` numbers the edges of ``asked``."""
    compared = _compared(asked, taken, level)
    around = loops((row.source, row.target) for row in transitions)
    starts = [row for row in transitions if row.source is None]
    executions = sum(row.executions for row in starts)
    edges = [_edge(row, compared.get((row.source, row.target)), around, level) for row in transitions]
    return ProcessMap(
        agent=agent,
        task=task,
        agents=len({run.agent_id for run in chosen.runs}),
        executions=executions,
        empty=len(chosen.runs) - executions,
        occurrences=sum(row.occurrences for row in transitions),
        measure=chosen.measure,
        outcome=proportion(sum(row.good for row in starts), sum(row.known for row in starts), level),
        within=chosen.within,
        compared=len(compared),
        backward=sum(row.backward for row in transitions),
        nodes=tuple(sorted(nodes, key=lambda node: (-node.occurrences, node.action))),
        edges=tuple(sorted(edges, key=_most_telling)),
        folded=Folded(),
        least=1,
        not_known=tuple(_not_known(chosen, transitions)),
        level=level,
    )


def folded(whole: ProcessMap, *, least: int | None = None, share: float | None = None) -> ProcessMap:
    """The map without its rare edges; an edge whose executions do clearly worse is never left off.

    Args:
        whole: The whole map.
        least: Keep edges that at least so many executions take.
        share: Keep edges that at least this share of the executions takes.

    Returns:
        The map of what is kept. Where neither is given, edges of 5 % of the executions, at most 40 of them.
    """
    needed = max(least or 1, -int(-(share or 0.0) * whole.executions // 1))
    most = len(whole.edges)
    if least is None and share is None:
        needed, most = max(1, -int(-SHARE * whole.executions // 1)), MOST_SHOWN
    by_use = sorted(whole.edges, key=lambda edge: (-edge.executions, -edge.occurrences, *_names(edge)))
    kept = {(edge.source, edge.target) for edge in by_use[:most] if edge.executions >= needed}
    kept |= {(edge.source, edge.target) for edge in whole.edges if edge.verdict == "worse"}
    left = [edge for edge in whole.edges if (edge.source, edge.target) not in kept]
    return msgspec.structs.replace(
        whole,
        edges=tuple(edge for edge in whole.edges if (edge.source, edge.target) in kept),
        folded=Folded(len(left), sum(edge.occurrences for edge in left)),
        least=needed,
    )


def _edge(
    row: Transition,
    found: tuple[Difference, float] | None,
    around: Mapping[Ends, tuple[Loop, int | None]],
    level: float,
) -> Edge:
    difference, q_value = found or (None, None)
    loop, cycle = around.get((row.source, row.target), (None, None))
    return Edge(
        source=row.source,
        target=row.target,
        executions=row.executions,
        occurrences=row.occurrences,
        pace_ms=row.pace_ms,
        pace_known=row.pace_known,
        pause_ms=row.pause_ms,
        pause_known=row.pause_known,
        outcome=proportion(row.good, row.known, level),
        difference=difference,
        q_value=q_value,
        verdict=_verdict(difference, q_value),
        loop=loop,
        cycle=cycle,
    )


def comparable(transitions: Sequence[Transition]) -> list[Ends]:
    """The edges to compare: enough executions take them and enough do not, the most evenly divided first.

    Which ones depends on how many executions take them, never on how these end: selecting by the outcome would spoil
    the control of false findings.
    """
    total = sum(row.known for row in transitions if row.source is None)
    sides = [(min(row.known, total - row.known), (row.source, row.target)) for row in transitions]
    enough = [(many, ends) for many, ends in sides if many >= FEWEST_COMPARED]
    enough.sort(key=lambda side: (-side[0], side[1][0] or "", side[1][1] or ""))
    return [ends for _, ends in enough[:MOST_COMPARED]]


def _compared(edges: Sequence[Ends], taken: Iterable[Taken], level: float) -> dict[Ends, tuple[Difference, float]]:
    """Executions that take an edge against those of the same stratum that do not; q-values over all such edges."""
    strata: dict[int, list[Stratum]] = defaultdict(list)
    for row in taken:
        strata[row.edge].append(Stratum(row.others_good, row.others_known, row.good, row.known))
    found = {
        edges[edge]: difference
        for edge, members in strata.items()
        if (difference := compare(members, level, screening=True))
    }
    adjusted = benjamini_hochberg([difference.p_value for difference in found.values()])
    return {ends: (difference, q) for (ends, difference), q in zip(found.items(), adjusted, strict=True)}


def _verdict(difference: Difference | None, q_value: float | None) -> Verdict:
    if difference is None or q_value is None:
        return "not enough data"
    if q_value > FALSE_FINDINGS or not difference.interval.excludes(0.0):
        return "not told apart"
    return "worse" if difference.estimate < 0 else "better"


def _most_telling(edge: Edge) -> tuple[object, ...]:
    worse = edge.verdict == "worse"
    strength = edge.difference.estimate if worse and edge.difference else 0.0
    return (not worse, strength, -edge.executions, -edge.occurrences, *_names(edge))


def _names(edge: Edge) -> tuple[object, ...]:
    return (edge.source is not None, edge.source or "", edge.target is None, edge.target or "")


def _not_known(chosen: Picked, transitions: Sequence[Transition]) -> Iterable[str]:
    unknown = sum(well is None for well in chosen.good)
    if unknown:
        told = "whether the task was achieved" if chosen.measure == "success" else "how it ended"
        yield f"{told}: {unknown:,} of {len(chosen.good):,} runs"
    pairs = sum(row.occurrences for row in transitions if row.source is not None and row.target is not None)
    timed = sum(row.pace_known + row.backward for row in transitions)
    if timed < pairs:
        yield f"time between two steps: {pairs - timed:,} of {pairs:,}"
