"""Why runs of an agent fail, each reason with the counts it rests on. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from soma.synthesizer import commands
from soma.synthesizer.error_text import grouped, likeness, telling_line
from soma.synthesizer.jobs.divergence.model import END, Pair
from soma.synthesizer.jobs.drift.explain import day, effect
from soma.synthesizer.jobs.drift.model import AgentDrift
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.wording import duration, number, percent, plain, points

from .model import Advice, FailureRow, Found, InsightRow, Reason

_LEAST_FAILURES, _OFTEN = 2, 0.2
_ACTIONS_NAMED, _ENDS_NAMED = 3, 3
_LEAST_REPEATS, _RARELY_HELPS = 2, 0.25
_SILENT = 0.3
_EVIDENCE = 5
_WORTH_TELLING_MS = 1000.0


def reasons_of(agent: AgentHealth, found: Found, pairs: Sequence[Pair]) -> tuple[Reason, ...]:
    """All reasons of soma's own, the most telling kinds first."""
    return (
        *_divergence(agent.agent_id, pairs),
        *_drift(found.drift),
        *_ends(agent, found),
        *_silent(agent, found),
        *_actions(agent, found),
        *_repeats(found),
    )


def _drift(drift: AgentDrift | None) -> Iterator[Reason]:
    """The latest change of each aspect; what it was asked to do is its own page's matter."""
    for aspect in drift.aspects if drift else ():
        if aspect.name == "tasks" or not aspect.changes or drift is None:
            continue
        change = max(aspect.changes, key=lambda each: (each.since, each.q_value))
        words = {"outcome": "How its runs end", "actions": "What it does", "duration": "How long its runs take"}
        what = words.get(aspect.name, "What its runs cost")
        which = f" ({plain(change.what, 60)})" if change.what else ""
        yield Reason(
            kind="drift",
            text=f"{what}{which} changed since {day(change.since)}: {effect(change)}",
            weight=change.after_runs,
            advice=Advice(
                f"find out what changed around {day(change.since)}",
                (commands.soma("drift", "--agent", drift.agent_id),),
            ),
            evidence=(change.execution_id,),
        )


def _divergence(agent_id: str, pairs: Sequence[Pair]) -> Iterator[Reason]:
    """The most telling of the peers that do better: one comparison says it, ten would bury it."""
    worse = [pair for pair in pairs if pair.second.agent_id == agent_id and pair.verdict == "different"]
    if not worse:
        return
    pair = min(worse, key=lambda each: (each.recommendation is None, _estimate(each), each.first.agent_id))
    peer = plain(pair.first.agent_id, 60)
    did = "achieve their task" if pair.measure == "success" else "complete"
    text = (
        f"{peer} does better on the same {number(pair.tasks, 'task')}: {percent(pair.first.outcome.rate)} of its runs "
    )
    text += f"{did}, {percent(pair.second.outcome.rate)} here"
    text += f" ({points(pair.difference)})" if pair.difference else ""
    if len(worse) > 1:
        text += f"; {number(len(worse) - 1, 'other peer does', 'other peers do')} better too"
    compare = commands.soma("divergence", "--agents", pair.first.agent_id, agent_id)
    yield Reason(
        kind="divergence",
        text=f"{text}. {_where(pair, peer)}" if pair.parting else text,
        weight=pair.second.executions,
        advice=Advice(pair.recommendation or f"compare it with {peer}, step by step", (compare,)),
        evidence=(pair.divergence_id, *(pair.parting.second.evidence[:_EVIDENCE] if pair.parting else ())),
    )


def _estimate(pair: Pair) -> float:
    return pair.difference.estimate if pair.difference else 0.0


def _where(pair: Pair, peer: str) -> str:
    """Where the two part and what is known of that choice."""
    parting = pair.parting
    assert parting is not None  # noqa: S101 - narrowed by the caller
    action = plain(parting.second.action, 80)
    if parting.first.action == END:
        # Why a run ends cannot be told from how well it went: no effect is claimed for stopping.
        return f"At step {parting.step} {peer} is mostly done, it goes on with {action}"
    mine = "stops" if parting.second.action == END else f"takes {action}"
    text = f"At step {parting.step} it mostly {mine}, {peer} takes {plain(parting.first.action, 80)}"
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
        text=f"{len(found.ends):,} of {number(agent.runs, 'run')} ended with a recorded error: {'; '.join(named)}",
        weight=len(found.ends),
        advice=Advice("look at a run that ended so", (commands.show_run(examples[0]),)) if examples else None,
        evidence=examples,
    )


def _silent(agent: AgentHealth, found: Found) -> Iterator[Reason]:
    """Runs that missed their task though nothing in them broke."""
    if agent.measure != "success":
        return
    failed = [execution for execution, did in found.failed.items() if did]
    broken = {row.execution_id for row in found.failures} | {row.execution_id for row in found.ends}
    silent = sorted(execution for execution in failed if execution not in broken)
    if not failed or len(silent) < max(_LEAST_FAILURES, _SILENT * len(failed)):
        return
    yield Reason(
        kind="silent",
        text=f"In {len(silent):,} of the {number(len(failed), 'run')} that did not achieve their task no call is seen "
        "to fail: what went wrong is in what the agent chose or answered",
        weight=len(silent),
        advice=Advice("read such a run", (commands.show_run(silent[-1], reasoning=True),)),
        evidence=tuple(silent[-_EVIDENCE:]),
    )


def _actions(agent: AgentHealth, found: Found) -> Iterator[Reason]:
    """Actions that fail often, those in most failed runs first; the first of them says where to look.

    Where runs do fail, an action none of whose failures was in a failed run is no reason for that.
    """
    by_action: dict[str, list[FailureRow]] = defaultdict(list)
    for row in found.failures:
        by_action[row.action].append(row)
    calls = {row.action: row.calls for row in found.actions}
    often = [
        (action, rows)
        for action, rows in by_action.items()
        if len(rows) >= max(_LEAST_FAILURES, _OFTEN * calls.get(action, 0))
        and (_in_failed(rows, found.failed) or agent.health not in {"critical", "degraded"})
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
        often = "always" if groups[0].many == len(rows) else number(groups[0].many, "time")
        text += f"; {often}{' like' if groups[0].texts > 1 else ''}: {plain(groups[0].example, 160)}"
    wasted = math.fsum(row.duration_ms for row in rows if row.duration_ms is not None)
    return text + (f" ({duration(wasted)} spent on them)" if wasted > _WORTH_TELLING_MS else "")


def _together(runs: Collection[str], failed: Mapping[str, bool | None]) -> str:
    """How many of these runs failed, and of the others: whether the broken calls go with broken runs."""
    with_it = [did for execution, did in failed.items() if execution in runs and did is not None]
    without = [did for execution, did in failed.items() if execution not in runs and did is not None]
    if not with_it or not (any(with_it) or any(without)):
        return ""
    known = "" if len(with_it) == len(runs) else f" the {len(with_it):,} known"
    told = f"{_share(with_it)} of{known or ' these'} failed"
    return f" ({told}, {_share(without)} of the other {len(without):,} did)" if without else f" ({told})"


def _share(did: Sequence[bool]) -> str:
    return "none" if not any(did) else "all" if all(did) else f"{sum(did):,}"


def _look(often: Sequence[tuple[str, Sequence[FailureRow]]]) -> Advice:
    """One piece of advice that shows a failing call of every action named, in as few runs as it takes."""
    names = ", ".join(plain(action, 80) for action, _ in often)
    runs = {action: {row.execution_id for row in rows} for action, rows in often}
    chosen: list[str] = []
    while runs:
        shows = {
            execution: sum(execution in its for its in runs.values()) for its in runs.values() for execution in its
        }
        best = max(shows, key=lambda execution: (shows[execution], execution))
        chosen.append(commands.show_run(best))
        runs = {action: its for action, its in runs.items() if best not in its}
    return Advice(f"look at failing calls of {names}", tuple(chosen))


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


def reported(row: InsightRow) -> Reason:
    """What a trace or another job found, as a reason."""
    sure = f" (confidence {row.confidence:.2f})" if row.confidence is not None else ""
    kind = plain(row.type, 40).replace("_", " ")
    who = "A trace reports" if row.origin == "harvest" else f"{plain(row.origin, 40)} reports"
    return Reason(
        kind="insight",
        text=f"{who} ({kind}): {plain(row.claim, 300)}{sure}; not decided yet",
        weight=0,
        evidence=(row.insight_id,),
    )
