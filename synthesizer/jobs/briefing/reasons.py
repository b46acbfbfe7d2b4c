"""Why runs of an agent fail, each reason with the counts it rests on. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from soma.synthesizer import commands
from soma.synthesizer.error_text import grouped, likeness, telling_line
from soma.synthesizer.jobs.divergence.model import END, Pair
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.wording import count, duration, number, percent, plain, points

from .model import Advice, FailureRow, Found, InsightRow, Reason

_LEAST_FAILURES, _OFTEN = 2, 0.2
_ACTIONS_NAMED, _ENDS_NAMED = 3, 3
_LEAST_REPEATS, _RARELY_HELPS = 2, 0.25
_SILENT = 0.3
_EVIDENCE = 5
_WORTH_TELLING_MS = 1000.0


def reasons_of(agent: AgentHealth, found: Found, pairs: Sequence[Pair]) -> tuple[Reason, ...]:
    """All reasons, the most telling kinds first."""
    return (
        *_divergence(agent.agent_id, pairs),
        *_ends(agent, found),
        *_silent(agent, found),
        *_actions(found),
        *_repeats(found),
        *(_insight(row) for row in found.insights),
    )


def _divergence(agent_id: str, pairs: Sequence[Pair]) -> Iterator[Reason]:
    """The most telling of the peers that do better: one comparison says it, ten would bury it."""
    worse = [pair for pair in pairs if pair.second.agent_id == agent_id and pair.verdict == "different"]
    if not worse:
        return
    pair = min(worse, key=lambda each: (each.recommendation is None, _estimate(each), each.first.agent_id))
    peer = plain(pair.first.agent_id, 60)
    did = "achieve their task" if pair.measure == "success" else "complete"
    text = f"On the same {number(pair.tasks, 'task')} {percent(pair.first.outcome.rate)} of the runs of {peer} {did}, "
    text += f"{percent(pair.second.outcome.rate)} of its own"
    text += f" ({points(pair.difference)})" if pair.difference else ""
    if len(worse) > 1:
        text += f"; {number(len(worse) - 1, 'other peer does', 'other peers do')} better too"
    compare = commands.soma("divergence", "--agents", pair.first.agent_id, agent_id)
    yield Reason(
        kind="divergence",
        text=f"{text}. {_where(pair, peer)}" if pair.parting else text,
        weight=pair.second.executions,
        advice=Advice(pair.recommendation or f"see where it parts from {peer}", compare),
        evidence=(pair.divergence_id, *(pair.parting.second.evidence[:_EVIDENCE] if pair.parting else ())),
    )


def _estimate(pair: Pair) -> float:
    return pair.difference.estimate if pair.difference else 0.0


def _where(pair: Pair, peer: str) -> str:
    """Where the two part and what is known of that choice."""
    parting = pair.parting
    assert parting is not None  # noqa: S101 - narrowed by the caller
    mine = "stops" if parting.second.action == END else f"takes {plain(parting.second.action, 80)}"
    its = "stops" if parting.first.action == END else f"takes {plain(parting.first.action, 80)}"
    text = f"At step {parting.step} it mostly {mine}, {peer} {its}"
    if not parting.clear:
        return f"{text}, no more than chance allows"
    if parting.effect is None or not parting.matters:
        return f"{text}; that this matters is not shown"
    return f"{text}: {points(parting.effect)} on the same tasks"


def _ends(agent: AgentHealth, found: Found) -> Iterator[Reason]:
    if not found.ends:
        return
    groups = grouped((row.error, 1) for row in found.ends)
    named = [f"{plain(group.example, 160)} ({number(group.many, 'run')})" for group in groups[:_ENDS_NAMED]]
    if len(groups) == 1:
        named = [plain(groups[0].example, 160)]
    rest = sum(group.many for group in groups[_ENDS_NAMED:])
    if rest:
        named.append(f"other errors ({number(rest, 'run')})")
    # Of every kind of error named, one run that shows it.
    shows: dict[str, str] = {}
    for row in found.ends:
        shows.setdefault(likeness(telling_line(row.error)), row.execution_id)
    examples = tuple(shows[group.key] for group in groups[:_ENDS_NAMED])
    yield Reason(
        kind="end",
        text=f"{len(found.ends):,} of {number(agent.runs, 'run')} ended with an error: {'; '.join(named)}",
        weight=len(found.ends),
        advice=Advice("look at a run that ended so", commands.show_run(examples[0])) if examples else None,
        evidence=examples,
    )


def _silent(agent: AgentHealth, found: Found) -> Iterator[Reason]:
    """Runs that missed their task though nothing in them broke."""
    if agent.measure != "success":
        return
    failed = [execution for execution, did in found.failed.items() if did]
    broken = {row.execution_id for row in (*found.failures, *found.ends)}
    silent = sorted(execution for execution in failed if execution not in broken)
    if not failed or len(silent) < max(_LEAST_FAILURES, _SILENT * len(failed)):
        return
    yield Reason(
        kind="silent",
        text=f"In {len(silent):,} of the {number(len(failed), 'run')} that did not achieve their task no call failed: what "
        "was wrong is what the agent chose or answered, not an error",
        weight=len(silent),
        advice=Advice(
            "read such a run", commands.soma("decisions", "--execution", silent[-1], "--reasoning", "--output")
        ),
        evidence=tuple(silent[-_EVIDENCE:]),
    )


def _actions(found: Found) -> Iterator[Reason]:
    """Actions that fail often, those in most failed runs first; the first of them says where to look."""
    by_action: dict[str, list[FailureRow]] = defaultdict(list)
    for row in found.failures:
        by_action[row.action].append(row)
    calls = {row.action: row.calls for row in found.actions}
    often = [
        (action, rows)
        for action, rows in by_action.items()
        if len(rows) >= max(_LEAST_FAILURES, _OFTEN * calls.get(action, 0))
    ]
    often.sort(key=lambda item: (-_in_failed(item[1], found.failed), -len(item[1]), item[0]))
    often = often[:_ACTIONS_NAMED]
    for place, (action, rows) in enumerate(often):
        yield Reason(
            kind="action",
            text=_calls_fail(action, rows, calls.get(action, len(rows)), found.failed),
            weight=len({row.execution_id for row in rows}),
            advice=None if place else _look(often),
            evidence=tuple(row.decision_id for row in rows[:_EVIDENCE]),
        )


def _in_failed(rows: Sequence[FailureRow], failed: Mapping[str, bool | None]) -> int:
    return len({row.execution_id for row in rows if failed.get(row.execution_id)})


def _calls_fail(action: str, rows: Sequence[FailureRow], calls: int, failed: Mapping[str, bool | None]) -> str:
    timeouts = sum(row.timed_out for row in rows)
    how = "time out" if timeouts == len(rows) else "time out or fail" if timeouts else "fail"
    runs = {row.execution_id for row in rows}
    name = plain(action, 80)
    text = f"{len(rows):,} of {calls:,} {name} calls {how}, in {number(len(runs), 'run')}{_together(runs, failed)}"
    groups = grouped((row.error, 1) for row in rows)
    if groups:
        often = "always" if groups[0].many == len(rows) else f"{groups[0].many:,} times"
        text += f"; {often}{' like' if groups[0].texts > 1 else ''}: {plain(groups[0].example, 160)}"
    wasted = math.fsum(row.duration_ms for row in rows if row.duration_ms is not None)
    return text + (f" ({duration(wasted)} spent on them)" if wasted > _WORTH_TELLING_MS else "")


def _together(runs: Collection[str], failed: Mapping[str, bool | None]) -> str:
    """How many of these runs failed, and of the others: whether the broken calls go with broken runs."""
    with_it = [did for execution, did in failed.items() if execution in runs and did is not None]
    without = [did for execution, did in failed.items() if execution not in runs and did is not None]
    if not any(with_it) and not any(without):
        return ""
    told = f" ({sum(with_it):,} of these {len(with_it):,} runs failed" if with_it else ""
    return told + (f", {sum(without):,} of the other {len(without):,})" if without else ")") if told else ""


def _look(often: Sequence[tuple[str, Sequence[FailureRow]]]) -> Advice:
    """One piece of advice with an example for every action named."""
    (action, rows), *others = often
    text = f"look at a failing call of {plain(action, 80)}"
    first = rows[-1].execution_id
    more = [
        f"{plain(name, 80)}: {'the same run' if its[-1].execution_id == first else plain(its[-1].execution_id, 160)}"
        for name, its in others
    ]
    return Advice(text + (f" ({'; '.join(more)})" if more else ""), commands.show_run(first))


def _repeats(found: Found) -> Iterator[Reason]:
    rows = found.repeats
    if len(rows) < _LEAST_REPEATS:
        return
    helped = sum(row.helped for row in rows)
    runs = sorted({row.execution_id for row in rows})
    spent = math.fsum(row.duration_ms for row in rows if row.duration_ms is not None)
    text = f"It makes a call again unchanged that has just failed: {len(rows):,} times in {number(len(runs), 'run')}, "
    text += f"it helped {helped:,} times" if helped else "it never helped"
    useless = helped <= _RARELY_HELPS * len(rows)
    yield Reason(
        kind="repeat",
        text=text + (f" ({duration(spent)} spent on it)" if spent > _WORTH_TELLING_MS else ""),
        weight=len(runs),
        advice=Advice("keep it from repeating a call that has just failed, or make it change the arguments first")
        if useless
        else None,
        evidence=tuple(runs[:_EVIDENCE]),
    )


def _insight(row: InsightRow) -> Reason:
    sure = f" (confidence {row.confidence:.2f})" if row.confidence is not None else ""
    kind = plain(row.type, 40).replace("_", " ")
    return Reason(
        kind="insight",
        text=f"{plain(row.origin, 40)} reports a {kind}: {plain(row.claim, 300)}{sure}; nobody has decided about it yet",
        weight=0,
        evidence=(row.insight_id,),
    )
