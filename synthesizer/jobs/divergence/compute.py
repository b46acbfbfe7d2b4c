"""From executions, their tasks and their paths to pairs of agents: pure, and the same whatever order rows come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import msgspec

from soma.identity import digest
from soma.synthesizer.jobs.tasks.model import Task, Tasks
from soma.synthesizer.kept import Once, every_time
from soma.synthesizer.stats import benjamini_hochberg, e_benjamini_hochberg
from soma.synthesizer.wording import number, plain

from .confounds import confounds_of
from .model import Divergence, Nightly, Pair, Parting, Run, Verdict
from .nightly import evidence
from .outcomes import Attempts, ByTask, Comparison, by_task, compared
from .parting import parting_of
from .places import Paths
from .verdict import finding_of, more_needed, noted, recommendation_of, verdict_of

_MOST_AGENTS = 60
_LABELS = 5
_LARGEST_WORTH = 1e300
_RANK: dict[Verdict, int] = {"different": 0, "not enough data": 1, "alike": 2}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        agents: One: against all others. Several: all pairs of them. ``None``: all pairs that share tasks.
        task: Key, label or part of a label of the tasks to compare on.
        delta: Differences below it do not matter. level: Of all intervals. limit: Pairs to show in full.
        everyone: Show every pair, not each agent beside its best peer only. Pairs of named agents are always shown.
    """

    agents: tuple[str, ...] | None = None
    task: str | None = None
    delta: float = 0.10
    level: float = 0.95
    limit: int = 50
    everyone: bool = False


class Scored(msgspec.Struct, frozen=True):
    """A compared pair with what was decided over all pairs together."""

    comparison: Comparison
    q_value: float | None
    verdict: Verdict
    nightly: Nightly | None = None


def divergence_of(
    runs: Sequence[Run], tasks: Tasks, paths_for: Callable[[], Paths], question: Question, once: Once = every_time
) -> Divergence:
    """The answer; ``paths_for`` is asked only when there is a pair to look into.

    Two agents are compared, and laid beside one another, alike whoever else is asked about: ``once`` keeps both for
    other questions over the same rows.
    """
    agents = once(("divergence", "agents"), lambda: sorted({run.agent_id for run in runs}))
    chosen = {task.key: task for task in tasks.tasks if _asked(task, question.task)}
    notes = _unknown(question, agents, chosen)
    work = once(("divergence", "work", question.task), lambda: _work(runs, tasks.assignments, chosen))
    names = _names(work, question)
    if len(names) > _MOST_AGENTS and question.agents is None:
        notes.append(f"Of {number(len(names), 'agent')} that share tasks, the {_MOST_AGENTS} busiest were compared.")
        names = sorted(sorted(names, key=lambda name: (-_size(work[name]), name))[:_MOST_AGENTS])
    scored = score([_compared(pair, work, question, once) for pair in _pairs(names, work, question)], question, once)
    if not notes:
        notes = noted(len(scored), len(agents), len(_sharing(work)))
    everyone = question.everyone or len(set(question.agents or ())) > 1
    telling = scored if everyone else beside_best_peer(scored)
    shown = telling[: question.limit]
    pairs: tuple[Pair, ...] = ()
    if shown:
        paths = paths_for()
        pairs = tuple(_pair(item, paths, chosen, question, once) for item in shown)
    verdicts = [item.verdict for item in scored]
    return Divergence(
        pairs=pairs,
        pairs_total=len(scored),
        different=verdicts.count("different"),
        alike=verdicts.count("alike"),
        undecided=verdicts.count("not enough data"),
        agents=tuple(sorted({name for item in scored for name in item.comparison.names})),
        task=question.task,
        delta=question.delta,
        level=question.level,
        notes=tuple(notes),
        not_known=once(("divergence", "not known"), lambda: tuple(_not_known(runs, tasks))),
    )


def _compared(pair: tuple[str, str], work: Mapping[str, ByTask], question: Question, once: Once) -> Comparison:
    one, other = pair
    what = ("divergence", "compared", pair, question.task, question.level)
    return once(what, lambda: compared(work[one], work[other], question.level))


def score(comparisons: Sequence[Comparison], question: Question, once: Once = every_time) -> list[Scored]:
    """The verdict on each comparison, false discoveries controlled over all of them; the strongest first."""
    tested = [item for item in comparisons if item.difference is not None]
    adjusted = benjamini_hochberg([item.difference.p_value for item in tested if item.difference is not None])
    q_of = {item.names: q for item, q in zip(tested, adjusted, strict=True)}
    scored = [
        Scored(item, q, verdict_of(item.difference, q, question.delta, question.level))
        for item in comparisons
        for q in [q_of.get(item.names)]
    ]
    return sorted(_with_nights(scored, question, once), key=_strength)


def _with_nights(scored: Sequence[Scored], question: Question, once: Once) -> list[Scored]:
    # A pair that was not called different is worth nothing, which is never too much.
    worths = [_worth(item.comparison, question, once) if item.verdict == "different" else 0.0 for item in scored]
    adjusted = [min(1.0, value) for value in e_benjamini_hochberg(worths)]
    return [
        msgspec.structs.replace(item, nightly=Nightly(min(worth, _LARGEST_WORTH), q, q <= 1 - question.level))
        if item.verdict == "different"
        else item
        for item, worth, q in zip(scored, worths, adjusted, strict=True)
    ]


def _worth(comparison: Comparison, question: Question, once: Once) -> float:
    what = ("divergence", "worth", comparison.names, question.task, question.level)
    return once(what, lambda: evidence(comparison.first_runs, comparison.second_runs, comparison.measure))


def beside_best_peer(scored: Sequence[Scored]) -> list[Scored]:
    """Each agent beside the peer that most surely does better on the same tasks, in the order given.

    The peer is chosen by the data; what keeps that honest is that q-values are adjusted over all pairs.
    """
    best: dict[str, Scored] = {}
    for item in scored:
        difference = item.comparison.difference
        if difference is None:
            continue
        agent = item.comparison.second.agent_id
        held = best.get(agent)
        if held is None or _behind(item) < _behind(held):
            best[agent] = item
    chosen = {item.comparison.names for item in best.values()}
    return [item for item in scored if item.comparison.names in chosen] or list(scored[:1])


def _behind(item: Scored) -> tuple[float, float, str]:
    difference = item.comparison.difference
    assert difference is not None  # noqa: S101 - only pairs with one are ranked
    return (difference.interval.high, difference.estimate, item.comparison.first.agent_id)


def _strength(item: Scored) -> tuple[int, float, float, tuple[str, str]]:
    """Sorts by verdict, then by how far the whole interval lies from none, then by the estimate."""
    difference = item.comparison.difference
    if difference is None:
        return (3, 0.0, 0.0, item.comparison.names)
    return (_RANK[item.verdict], difference.interval.high, difference.estimate, item.comparison.names)


def _asked(task: Task, words: str | None) -> bool:
    return words is None or words in (task.key, task.label) or words.casefold() in task.label.casefold()


def _unknown(question: Question, agents: Sequence[str], chosen: Mapping[str, Task]) -> list[str]:
    notes = [f"The vault holds no agent {plain(name, 60)!r}." for name in question.agents or () if name not in agents]
    if question.task is not None and not chosen:
        notes.append(f"No task is called {plain(question.task, 60)!r}: soma tasks lists them.")
    return notes


def _work(
    runs: Sequence[Run], assignments: Mapping[str, str], chosen: Mapping[str, Task]
) -> dict[str, dict[str, Attempts]]:
    """Per agent its executions by task, of the tasks asked about."""
    own: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.execution_id):
        if assignments.get(run.execution_id) in chosen:
            own[run.agent_id].append(run)
    return {agent: by_task(members, assignments) for agent, members in sorted(own.items())}


def _sharing(work: Mapping[str, ByTask]) -> list[str]:
    """Agents that share a task with another."""
    agents_of: dict[str, int] = defaultdict(int)
    for tasks in work.values():
        for task in tasks:
            agents_of[task] += 1
    return [agent for agent, tasks in work.items() if any(agents_of[task] > 1 for task in tasks)]


def _size(tasks: ByTask) -> int:
    return sum(len(attempts.runs) for attempts in tasks.values())


def _names(work: Mapping[str, ByTask], question: Question) -> list[str]:
    sharing = _sharing(work)
    if question.agents is None or len(set(question.agents)) == 1:
        return sharing
    return [name for name in sharing if name in question.agents]


def _pairs(names: Sequence[str], work: Mapping[str, ByTask], question: Question) -> list[tuple[str, str]]:
    only = question.agents[0] if question.agents is not None and len(set(question.agents)) == 1 else None
    return [
        (one, other)
        for one, other in combinations(names, 2)
        if (only is None or only in (one, other)) and not work[one].keys().isdisjoint(work[other].keys())
    ]


def _pair(item: Scored, paths: Paths, tasks: Mapping[str, Task], question: Question, once: Once) -> Pair:
    comparison = item.comparison
    first, second, difference = comparison.first, comparison.second, comparison.difference
    what = (comparison.names, question.task, question.level)
    parting = once(
        ("divergence", "parting", *what),
        lambda: parting_of(comparison.first_runs, comparison.second_runs, paths, comparison.measure, question.level),
    )
    recorded = (
        _recorded(comparison.first_runs, paths),
        _recorded(comparison.second_runs, paths),
    )
    shared = sorted(comparison.first_runs, key=lambda task: (-tasks[task].executions, task))
    undecided = item.verdict == "not enough data"
    return Pair(
        divergence_id=_divergence_id(comparison, parting, question.task),
        first=first,
        second=second,
        tasks=len(shared),
        task_labels=tuple(tasks[task].label for task in shared[:_LABELS]),
        measure=comparison.measure,
        difference=difference,
        q_value=item.q_value,
        verdict=item.verdict,
        nightly=item.nightly,
        more=more_needed(first, second, difference, question.delta, question.level) if undecided else None,
        parting=parting,
        confounds=once(("divergence", "confounds", *what), lambda: confounds_of(comparison, parting, question.level)),
        recommendation=recommendation_of(item.verdict, parting),
        finding=finding_of(item.verdict, first, second, parting, recorded),
    )


def _recorded(tasks: ByTask, paths: Paths) -> bool:
    return any(run.execution_id in paths.words.of for attempts in tasks.values() for run in attempts.runs)


def _divergence_id(comparison: Comparison, parting: Parting | None, task: str | None) -> str:
    sides = sorted(
        (side.agent_id, chosen.action if chosen else "")
        for side, chosen in (
            (comparison.first, parting.first if parting else None),
            (comparison.second, parting.second if parting else None),
        )
    )
    parts = [task or "", str(parting.step) if parting else "", *(text for side in sides for text in side)]
    return "dvg-" + digest("\x1f".join(parts), size=6)


def _not_known(runs: Sequence[Run], tasks: Tasks) -> list[str]:
    lines = []
    unjudged = sum(run.success is None for run in runs)
    if unjudged:
        lines.append(f"success of {unjudged:,} of {number(len(runs), 'run')}")
    if tasks.untasked:
        lines.append(f"the task of {tasks.untasked:,} of {number(tasks.executions, 'run')}")
    return lines
