"""Agents that do the same tasks with different tools for the same role, and whether the tool goes with success."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs.insights import advice
from soma.synthesizer.jobs.insights.confidence import of_difference
from soma.synthesizer.jobs.insights.discovery import chance_of, discovered
from soma.synthesizer.jobs.insights.ground import LEAST, Effect, Ground, Run
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import SHORT, beside, named, of_runs
from soma.synthesizer.stats import Difference, Proportion, Stratum, compare, proportion
from soma.synthesizer.wording import plain

MOST = 0.5
"""An agent prefers a tool that it uses most in more than this share of the runs in which it uses any for the role."""
_EVIDENCE = 10


class Use(msgspec.Struct, frozen=True):
    """What an execution called most for a role; fields in the order of the columns of ``preferences.sql``."""

    execution_id: str
    role: str
    choice: str


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """Two groups of agents with different preferences, on the tasks both attempt.

    Attributes:
        choices: The tool of the first and of the second.
        agents, runs: Of the first and of the second; the runs used some tool for the role.
        difference: How much more of the first side's runs use the first tool most, compared by task.
    """

    role: str
    choices: tuple[str, str]
    agents: tuple[tuple[str, ...], tuple[str, ...]]
    runs: tuple[tuple[Run, ...], tuple[Run, ...]]
    shares: tuple[Proportion, Proportion]
    difference: Difference


def find(ground: Ground) -> list[Finding]:
    """One finding per role and two tools that agents on the same tasks prefer.

    Names of tools mean something inside one framework only, so agents of different frameworks are compared by the
    programs of their shells alone.
    """
    uses: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    runs, assignments = ground.runs, ground.tasks.assignments
    for use in answer(ground.vault, Use, __package__, "preferences"):
        if assignments.get(use.execution_id):
            whose = "" if use.role == "shell" else runs[use.execution_id].framework
            uses[use.role, whose][use.execution_id] = use.choice
    compared = [
        sides
        for (role, _), choices in sorted(uses.items())
        for sides in _sides(ground, role, choices, _preferred(ground, choices))
    ]
    found = [sides for sides, _ in discovered(compared, [sides.difference.p_value for sides in compared])]
    return list(_told(ground, found, uses))


def _preferred(ground: Ground, choices: Mapping[str, str]) -> dict[str, list[str]]:
    """Agents by the tool they prefer, beyond chance."""
    of_agent: dict[str, Counter[str]] = defaultdict(Counter)
    for execution, choice in choices.items():
        of_agent[ground.runs[execution].agent_id][choice] += 1
    candidates = []
    for agent, used in sorted(of_agent.items()):
        choice = min(used, key=lambda name: (-used[name], name))
        if used[choice] >= LEAST:
            candidates.append((agent, choice, proportion(used[choice], used.total())))
    preferred: dict[str, list[str]] = defaultdict(list)
    for (agent, choice, _), _q in discovered(
        candidates, [chance_of(share, MOST, least=LEAST, rivals=2) for _, _, share in candidates]
    ):
        preferred[choice].append(agent)
    return dict(sorted(preferred.items()))


def _sides(
    ground: Ground, role: str, choices: Mapping[str, str], preferred: Mapping[str, Sequence[str]]
) -> Iterator[Sides]:
    for pair in combinations(preferred, 2):
        by_task: tuple[dict[str, list[Run]], ...] = (defaultdict(list), defaultdict(list))
        for runs, choice in zip(by_task, pair, strict=True):
            for agent in preferred[choice]:
                for run in ground.by_agent[agent]:
                    if run.execution_id in choices:
                        runs[ground.task_of(run.execution_id)].append(run)
        shared = sorted(by_task[0].keys() & by_task[1].keys())
        first, second = (tuple(run for task in shared for run in runs[task]) for runs in by_task)
        if min(len(first), len(second)) < LEAST:
            continue

        def tally(runs: Sequence[Run], choice: str = pair[0]) -> tuple[int, int]:
            return sum(choices[run.execution_id] == choice for run in runs), len(runs)

        difference = compare(Stratum(*tally(by_task[1][task]), *tally(by_task[0][task])) for task in shared)
        if difference is not None:
            yield Sides(
                role=role,
                choices=pair,
                agents=(_names(first), _names(second)),
                runs=(first, second),
                shares=(proportion(*tally(first)), proportion(*tally(second, pair[1]))),
                difference=difference,
            )


def _names(runs: Sequence[Run]) -> tuple[str, ...]:
    return tuple(sorted({run.agent_id for run in runs}))


def _told(
    ground: Ground, found: Sequence[Sides], uses: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[Finding]:
    effects = [_effect(ground, sides, uses) for sides in found]
    tested = [effect for effect in effects if effect is not None]
    clear = {id(effect) for effect, _ in discovered(tested, [effect.difference.p_value for effect in tested])}
    for sides, effect in zip(found, effects, strict=True):
        confidence = of_difference(sides.difference, sum(share.total for share in sides.shares))
        if not confidence or sides.difference.estimate <= 0:
            continue
        matters = effect is not None and id(effect) in clear
        better = sides.choices if effect is not None and effect.difference.estimate > 0 else sides.choices[::-1]
        yield Finding(
            type="tool preference",
            subject=" | ".join((sides.role, *sides.choices)),
            claim=f"{_prefers(sides)} {_ending(sides, effect, matters)}",
            confidence=confidence,
            estimate=sides.difference.estimate,
            low=sides.difference.interval.low,
            high=sides.difference.interval.high,
            support=sum(share.total for share in sides.shares),
            agents=tuple(sorted({*sides.agents[0], *sides.agents[1]})),
            tasks=ground.tasks_of(run.execution_id for runs in sides.runs for run in runs),
            prefers=advice.of_role(sides.role, better[0]) if matters else "",
            avoids=advice.of_role(sides.role, better[1]) if matters else "",
            evidence=tuple(run.execution_id for runs in sides.runs for run in runs[:_EVIDENCE]),
            at_stake=effect.difference.estimate if effect is not None and matters else None,
        )


def _effect(ground: Ground, sides: Sides, uses: Mapping[tuple[str, str], Mapping[str, str]]) -> Effect | None:
    """How runs that use the first tool most end beside those that use the second most, task by task."""
    runs = [run for side in sides.runs for run in side]
    choices = uses[sides.role, "" if sides.role == "shell" else runs[0].framework]
    chose = {choice: {r.execution_id for r in runs if choices[r.execution_id] == choice} for choice in sides.choices}
    among = [run for run in runs if any(run.execution_id in members for members in chose.values())]
    return ground.effect(chose[sides.choices[0]], among, stratum=lambda run: ground.task_of(run.execution_id))


def _prefers(sides: Sides) -> str:
    what = "programs in a shell" if sides.role == "shell" else f"tools of the kind {plain(sides.role, SHORT)}"
    return (
        f"On the same tasks agents use different {what}: {named(sides.agents[0])} mostly "
        f"{plain(sides.choices[0], SHORT)} in {of_runs(sides.shares[0])}, {named(sides.agents[1])} "
        f"{plain(sides.choices[1], SHORT)} in {of_runs(sides.shares[1])}."
    )


def _ending(sides: Sides, effect: Effect | None, clear: bool) -> str:
    first, second = (plain(choice, SHORT) for choice in sides.choices)
    if effect is None:
        return "Whether the choice goes with success is not known."
    words = beside(effect, f"those with {second}", f"of runs with {first}")
    return f"{words}: {'the choice, or what goes with it, matters' if clear else 'no clear difference'}."
