"""From executions and their tasks to conformance: pure, and the same whatever order rows come in."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import msgspec

from soma.synthesizer.jobs.tasks.model import Tasks
from soma.synthesizer.wording import plain

from . import agentflow
from .align import Aligned, nearest
from .model import AgentConformance, Checked, Conformance, Move, Run, Scope, Spread
from .relation import Outcome, related, settled
from .usual import MOST_USUAL, Alphabet, Path, Usual, quantile

LEAST_OTHERS = 5
_LONGEST = 2000
SEPARATOR = "\x1f"
Decisions = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: one execution, the runs of some task, or all; ``limit`` least conforming runs per agent."""

    task: str | None = None
    execution: str | None = None
    limit: int = 10
    delta: float = 0.10
    level: float = 0.95


class Scored(msgspec.Struct, frozen=True):
    """One execution with a path, and what it was measured against."""

    run: Run
    task: str | None
    path: Path
    scope: Scope | None
    support: int
    aligned: Aligned | None
    same_path: int
    agentflow: float


def conformance_of(runs: Sequence[Run], tasks: Tasks, decisions_of: Decisions, question: Question) -> Conformance:
    """The answer; ``decisions_of`` is asked for the decision ids of the executions that are shown."""
    chosen = {task.key for task in tasks.tasks if _asked(task.key, task.label, question.task)}
    notes = []
    if question.task is not None and not chosen:
        notes.append(f"No task is called {plain(question.task, 60)!r}: soma tasks lists them.")
    labels = {task.key: task.label for task in tasks.tasks}
    agents: list[AgentConformance] = []
    shown: list[str] = []
    outcomes: list[list[Outcome]] = []
    asked: Checked | None = None
    ordered = sorted(runs, key=lambda run: (run.agent_id, run.execution_id))
    for agent, group in groupby(ordered, key=lambda run: run.agent_id):
        own = list(group)
        alphabet = Alphabet(action for run in own for action in (run.actions or "").split(SEPARATOR) if run.actions)
        scored = _scored(own, tasks.assignments, alphabet)
        for item in scored:
            if item.run.execution_id == question.execution:
                asked = _checked(item, alphabet, labels)
        if question.task is not None:
            scored = [item for item in scored if item.task in chosen]
            own = [run for run in own if tasks.assignments.get(run.execution_id) in chosen]
        if not own:
            continue
        known = [item for item in scored if item.aligned is not None]
        least = sorted(known, key=_least)[: question.limit] if question.execution is None else []
        shown += [item.run.execution_id for item in least]
        outcomes.append([Outcome(item.run, item.task, item.aligned.conformance) for item in known if item.aligned])
        agents.append(
            AgentConformance(
                agent_id=agent,
                executions=len(own),
                scored=len(known),
                too_few=len(scored) - len(known),
                silent=len(own) - len(scored),
                by_task=sum(item.scope == "task" for item in known),
                capped=sum(item.support > MOST_USUAL and item.same_path == 0 for item in known),
                spread=_spread(known),
                relation=None,
                least=tuple(_checked(item, alphabet, labels) for item in least),
            )
        )
    wanted = [*shown, *([asked.execution_id] if asked else [])]
    decisions = decisions_of(wanted) if wanted else {}
    relations = settled([related(own, question.level) for own in outcomes], question.delta, question.level)
    return Conformance(
        agents=tuple(
            msgspec.structs.replace(
                agent, relation=relation, least=tuple(_with_decisions(item, decisions) for item in agent.least)
            )
            for agent, relation in zip(agents, relations, strict=True)
        ),
        execution=_with_decisions(asked, decisions) if asked else None,
        task=question.task,
        least_others=LEAST_OTHERS,
        delta=question.delta,
        level=question.level,
        notes=tuple(notes),
    )


def _asked(key: str, label: str, words: str | None) -> bool:
    return words is None or words in (key, label) or words.casefold() in label.casefold()


def _least(item: Scored) -> tuple[float, int, str]:
    assert item.aligned is not None  # noqa: S101 - narrowed by the caller
    return (item.aligned.conformance, -item.support, item.run.execution_id)


def _scored(runs: Sequence[Run], assignments: Mapping[str, str], alphabet: Alphabet) -> list[Scored]:
    """Every execution of one agent that has a path, measured by its task where enough others attempted that."""
    parsed: dict[tuple[str, str], Path] = {}
    flow: dict[Path, tuple[tuple[str, ...], tuple[int, ...]]] = {}
    paths: dict[str, Path] = {}
    for run in runs:
        if run.actions is None or run.decisions is None:
            continue
        key = (run.actions, run.decisions)
        if key not in parsed:
            actions = run.actions.split(SEPARATOR)[:_LONGEST]
            times = tuple(int(many) for many in run.decisions.split(","))[:_LONGEST]
            parsed[key] = Path(alphabet.encode(actions), times)
            flow[parsed[key]] = (tuple(actions), times)
        paths[run.execution_id] = parsed[key]
    model = agentflow.shares(flow[path] for path in paths.values())
    figures = {path: agentflow.figure(actions, model) for path, (actions, _) in flow.items()}
    by_task: dict[str, list[Run]] = defaultdict(list)
    present = [run for run in runs if run.execution_id in paths]
    for run in present:
        if (task := assignments.get(run.execution_id)) is not None:
            by_task[task].append(run)
    alone: list[Run] = [run for run in present if assignments.get(run.execution_id) is None]
    scored: list[Scored] = []

    def measure(members: Sequence[Run], scope: Scope, usual: Usual) -> None:
        aligned = nearest(list({paths[run.execution_id]: None for run in members}), usual, alphabet)
        for run in members:
            path = paths[run.execution_id]
            same = usual.counts[path.codes] - 1
            task = assignments.get(run.execution_id)
            figure = figures[path]
            scored.append(Scored(run, task, path, scope, usual.total - 1, aligned[path], same, figure))

    for _, members in sorted(by_task.items()):
        if len(members) > LEAST_OTHERS:
            measure(members, "task", Usual(Counter(paths[run.execution_id] for run in members)))
        else:
            alone += members
    if len(present) > LEAST_OTHERS and alone:
        measure(alone, "agent", Usual(Counter(paths[run.execution_id] for run in present)))
    else:
        for run in alone:
            path, task = paths[run.execution_id], assignments.get(run.execution_id)
            scored.append(Scored(run, task, path, None, len(present) - 1, None, 0, figures[path]))
    return sorted(scored, key=lambda item: item.run.execution_id)


def _spread(known: Sequence[Scored]) -> Spread | None:
    values = sorted(item.aligned.conformance for item in known if item.aligned)
    if not values:
        return None
    return Spread(
        least=values[0],
        tenth=quantile(values, 0.1),
        median=quantile(values, 0.5),
        ninetieth=quantile(values, 0.9),
        full=sum(value >= 1 for value in values),
        agentflow_median=statistics.median(item.agentflow for item in known),
    )


def _checked(item: Scored, alphabet: Alphabet, labels: Mapping[str, str]) -> Checked:
    aligned = item.aligned
    return Checked(
        execution_id=item.run.execution_id,
        agent_id=item.run.agent_id,
        task=labels.get(item.task) if item.task is not None else None,
        outcome=item.run.success,
        conformance=aligned.conformance if aligned else None,
        scope=item.scope,
        support=item.support,
        same_path=item.same_path,
        path=alphabet.decode(item.path.codes),
        usual_path=alphabet.decode(aligned.reference) if aligned else (),
        usual_runs=aligned.usual_runs if aligned else 0,
        moves=tuple(aligned.moves) if aligned else (),
        free_moves=aligned.free if aligned else 0,
        agentflow=item.agentflow,
    )


def _with_decisions(item: Checked, decisions: Mapping[str, Sequence[str]]) -> Checked:
    own = decisions.get(item.execution_id)
    if not own:
        return item
    return msgspec.structs.replace(item, moves=tuple(_placed(move, own) for move in item.moves))


def _placed(move: Move, own: Sequence[str]) -> Move:
    return msgspec.structs.replace(move, decision_id=own[min(move.step, len(own)) - 1])
