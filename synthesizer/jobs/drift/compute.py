"""From executions in the order of time to what changed since when: pure, and the same whatever order rows come in."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from soma.identity import digest
from soma.synthesizer.jobs.conformance import agentflow
from soma.synthesizer.jobs.tasks.model import Tasks
from soma.synthesizer.kept import Once, every_time
from soma.synthesizer.stats import benjamini_hochberg, compare, needed_per_side, proportion
from soma.synthesizer.stats.change_point import Moment, Stretch

from .cautions import cautions_of
from .model import AgentDrift, Aspect, Change, Drift, Measure, Name, Ratio, Verdict
from .runs import Read, Runs
from .steady import mix_bound, moved_things, share_bound, size_bound, size_ratio, strata_of
from .streams import NEW, Known, Mix, Shares, Sizes, Stream, stretches
from .things import Things

if TYPE_CHECKING:
    from soma.synthesizer.stats.change_point import Floats

_UNKNOWN = ""
# With fewer runs to compare nothing is tested: it would only cost the other tests their power.
_FEWEST = 20
_RANK: dict[Verdict, int] = {"changed": 0, "steady": 1, "not enough data": 2}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        alpha: Chance of a false alarm, over all nights and all that is watched.
        delta: Differences of a share below it do not matter. factor: Nor do sizes within this factor.
        across_tasks: Compare runs over all tasks, though a change of tasks then looks like a change of the agent.
    """

    alpha: float = 0.05
    delta: float = 0.10
    factor: float = 1.25
    level: float = 0.95
    across_tasks: bool = False


class Watched(msgspec.Struct, frozen=True):
    """One aspect of one agent, watched; ``stretches`` end where changes were seen."""

    name: Name
    stream: Stream
    stretches: list[Stretch]
    left_out: int


class Agent(msgspec.Struct, frozen=True):
    """One agent with its runs in the order of time."""

    name: str
    runs: Runs
    without_time: int
    strata: list[str]
    measure: Measure
    watched: list[Watched]


def drift_of(read: Read, tasks: Tasks, question: Question, once: Once = every_time, only: str | None = None) -> Drift:
    """The answer: everything is watched first, so that false alarms are controlled over all of it.

    An agent is watched alike whoever else is asked about: ``once`` keeps it for other questions over the same rows.

    Args:
        read: The executions.
        tasks: Which of them attempted what.
        question: What is asked.
        once: Keeps what is found of an agent.
        only: Of this agent alone.
    """
    agents = [
        _watched(name, read, tasks.assignments, question, once) for name in read.agents if only is None or name == only
    ]
    tests = [stretch for agent in agents for item in agent.watched for stretch in item.stretches]
    adjusted = iter(benjamini_hochberg([stretch.p_value for stretch in tests]))
    labels = {task.key: task.label for task in tasks.tasks}
    answers = [
        _answer(agent, [[next(adjusted) for _ in item.stretches] for item in agent.watched], labels, question, once)
        for agent in agents
    ]
    return Drift(
        agents=tuple(sorted(answers, key=lambda agent: (_RANK[agent.verdict], -agent.runs, agent.agent_id))),
        alpha=question.alpha,
        delta=question.delta,
        factor=question.factor,
        level=question.level,
        across_tasks=question.across_tasks,
    )


def _watched(name: str, read: Read, assignments: Mapping[str, str], question: Question, once: Once) -> Agent:
    return once(("drift", "agent", name, question), lambda: _agent(name, read.runs_of(name), assignments, question))


def _agent(name: str, runs: Runs, assignments: Mapping[str, str], question: Question) -> Agent:
    import numpy as np

    tasks = [assignments.get(execution, _UNKNOWN) for execution in runs.executions]
    strata = [_UNKNOWN] * len(runs) if question.across_tasks else tasks
    numbers = {stratum: number for number, stratum in enumerate(sorted(set(strata)))}
    known = Known(
        np.arange(len(runs)),
        np.array([numbers[stratum] for stratum in strata], dtype=np.int64),
        np.array([_random(execution) for execution in runs.executions], dtype=np.float64),
    )
    judged = int((runs.successes >= 0).sum())
    measure: Measure = "success" if judged and 2 * judged >= len(runs) else "status"
    outcomes = runs.successes if measure == "success" else runs.statuses
    tasked = known.those(np.array([bool(task) for task in tasks], dtype=np.bool_))
    words = [word for word in runs.words if word is not None]
    streams: list[tuple[Name, Stream]] = [
        (
            "outcome",
            Shares(
                known.those(outcomes >= 0),
                outcomes[outcomes >= 0] > 0,
            ),
        ),
        (
            "actions",
            Mix(
                known.those(np.array([word is not None for word in runs.words], dtype=np.bool_)),
                Things(list(map(frozenset, words)), runs.path),
            ),
        ),
        ("duration", _sizes(known, runs.durations_ms)),
        ("cost", _sizes(known, runs.costs_usd)),
        (
            "tasks",
            Mix(
                tasked._replace(strata=np.zeros_like(tasked.strata)),
                Things([(task,) for task in tasks if task]),
            ),
        ),
    ]
    watched = [
        Watched(
            name,
            stream,
            stretches(stream, question.alpha) if _compared(stream) >= _FEWEST else [],
            len(runs) - stream.runs.many,
        )
        for name, stream in streams
    ]
    return Agent(name, runs, runs.all - len(runs), strata, measure, watched)


def _sizes(known: Known, sizes: Floats) -> Sizes:
    # A duration or cost of nothing has no ratio; sources write 0 where they do not know.
    positive = sizes > 0
    return Sizes(known.those(positive), sizes[positive])


def _random(execution_id: str) -> float:
    """A number from 0 to 1 that is the same every time and depends on nothing but the id."""
    return (int(digest("drift\x1f" + execution_id, size=6), 16) + 0.5) / 2**48


def _answer(
    agent: Agent, q_values: Sequence[Sequence[float]], labels: Mapping[str, str], question: Question, once: Once
) -> AgentDrift:
    aspects = tuple(
        _aspect(agent, item, own, labels, question, once) for item, own in zip(agent.watched, q_values, strict=True)
    )
    by_name = {aspect.name: aspect.verdict for aspect in aspects}
    verdict: Verdict = "not enough data"
    if "changed" in (by_name["outcome"], by_name["actions"], by_name["duration"], by_name["cost"]):
        verdict = "changed"
    elif by_name["outcome"] == by_name["actions"] == "steady":
        verdict = "steady"
    starts = agent.runs.started_at
    return AgentDrift(
        agent_id=agent.name,
        verdict=verdict,
        runs=len(agent.runs),
        without_time=agent.without_time,
        untasked=sum(stratum == _UNKNOWN for stratum in agent.strata) if not question.across_tasks else 0,
        first=int(starts[0]) if len(starts) else None,
        last=int(starts[-1]) if len(starts) else None,
        measure=agent.measure,
        aspects=aspects,
        cautions=tuple(cautions_of(agent.runs, aspects, agent.strata, across_tasks=question.across_tasks)),
        agentflow=once(("drift", "agentflow", agent.name), lambda: _agentflow(agent.runs)),
    )


def _aspect(
    agent: Agent, item: Watched, q_values: Sequence[float], labels: Mapping[str, str], question: Question, once: Once
) -> Aspect:
    stream = item.stream
    what = ("drift", agent.name, item.name, question)
    seen = [
        (stretch, q_value)
        for stretch, q_value in zip(item.stretches, q_values, strict=True)
        if stretch.alarm is not None and q_value <= question.alpha
    ]
    alarms = tuple(stretch.alarm for stretch, _ in seen)
    dated = once((*what, alarms), lambda: _changes(agent, item, seen, labels, question))
    # What changed does not depend on who else was asked about, only how sure it is.
    changes = [
        msgspec.structs.replace(change, q_value=q_value) for change, (_, q_value) in zip(dated, seen, strict=True)
    ]
    bound = None if changes else once((*what, "bound"), lambda: _bound(stream, question))
    limit_of = question.factor if isinstance(stream, Sizes) else question.delta
    steady = bound is not None and bound <= limit_of
    more = None
    if not changes and not steady and isinstance(stream, Shares) and stream.runs.many:
        more = 2 * needed_per_side(int(stream.happened.sum()) / stream.runs.many, question.delta, question.level)
    return Aspect(
        name=item.name,
        verdict="changed" if changes else "steady" if steady else "not enough data",
        runs=stream.runs.many,
        left_out=item.left_out,
        compared=_compared(stream),
        changes=tuple(changes),
        within=bound,
        more=more if more is not None and more > stream.runs.many else None,
    )


def _changes(
    agent: Agent,
    item: Watched,
    seen: Sequence[tuple[Stretch, float]],
    labels: Mapping[str, str],
    question: Question,
) -> list[Change]:
    """The changes in the order of time, each between its neighbours; dated from the last one backwards."""
    stream = item.stream
    dated: list[tuple[Stretch, Moment, str | None, float]] = []
    end = stream.runs.many
    for stretch, q_value in reversed(seen):
        moment, what = stream.moment(stretch, max(end, stretch.end), question.level)
        dated.insert(0, (stretch, moment, what, q_value))
        end = moment.earliest
    edges = [0, *(moment.likely for _, moment, _, _ in dated), stream.runs.many]
    return [
        _change(agent, item, stretch, moment, (edges[place], edges[place + 2]), what, q_value, labels, question)
        for place, (stretch, moment, what, q_value) in enumerate(dated)
    ]


def _compared(stream: Stream) -> int:
    """Runs with an earlier one of the same stratum."""
    return stream.runs.many - len(set(stream.runs.strata.tolist()))


def _bound(stream: Stream, question: Question) -> float | None:
    # Steady is looked for every night too: a wider interval keeps a real change from being called none by luck.
    level = 1 - (1 - question.level) / 5
    if isinstance(stream, Shares):
        return share_bound(stream.runs, stream.happened, level)
    if isinstance(stream, Mix):
        return mix_bound(stream.runs, stream.things, level)
    assert isinstance(stream, Sizes)  # noqa: S101 - there are three kinds
    return size_bound(stream.runs, stream.values, level)


def _change(
    agent: Agent,
    item: Watched,
    stretch: Stretch,
    moment: Moment,
    neighbours: tuple[int, int],
    what: str | None,
    q_value: float,
    labels: Mapping[str, str],
    question: Question,
) -> Change:
    assert stretch.alarm is not None  # noqa: S101 - only changes are told
    stream = item.stream
    begin, until = neighbours
    starts = agent.runs.started_at[stream.runs.places].tolist()
    split = moment.likely - begin
    runs = stream.runs.part(begin, until)
    before = after = difference = ratio = None
    also: list[str] = []
    if isinstance(stream, Sizes):
        ratio = _ratio(runs, stream.values[begin:until], split, question.level)
    else:
        if isinstance(stream, Shares):
            happened = stream.happened[begin:until]
        else:
            assert isinstance(stream, Mix)  # noqa: S101 - there are three kinds
            things = stream.things.part(begin, until)
            others = moved_things(runs, things, split, question.level)
            if what == NEW and (named := stream.new_in(others, stretch.start)):
                what = named
            happened = stream.happened(what or NEW, stretch.start)[begin:until]
            also = [labels.get(thing, thing) for thing in others if thing != what]
        before = proportion(int(happened[:split].sum()), split, question.level)
        after = proportion(int(happened[split:].sum()), len(happened) - split, question.level)
        difference = compare(strata_of(runs, happened, split), question.level)
    return Change(
        what=labels.get(what, what) if what is not None else None,
        since=starts[moment.likely],
        earliest=starts[moment.earliest],
        latest=starts[moment.latest],
        execution_id=agent.runs.executions[int(stream.runs.places[moment.likely])],
        seen_at=starts[stretch.alarm],
        before_runs=split,
        after_runs=runs.many - split,
        before=before,
        after=after,
        difference=difference,
        ratio=ratio,
        q_value=q_value,
        also=tuple(also),
    )


def _ratio(runs: Known, values: Floats, split: int, level: float) -> Ratio | None:
    found = size_ratio(runs, values, split, level)
    if found is None:
        return None
    estimate, interval = found
    return Ratio(
        estimate=estimate,
        low=interval.low if interval.low > 0 else None,
        high=interval.high if interval.high < float("inf") else None,
        before=statistics.median(values[:split].tolist()),
        after=statistics.median(values[split:].tolist()),
    )


def _agentflow(runs: Runs) -> agentflow.Trend:
    model = agentflow.shares_of(runs.counts())
    figures: dict[frozenset[str], float] = {}
    points = []
    for word in runs.words:
        if word is not None:
            letters = frozenset(word)
            if letters not in figures:
                figures[letters] = agentflow.figure(runs.path(letters), model)
            points.append(figures[letters])
    return agentflow.trend(points)
