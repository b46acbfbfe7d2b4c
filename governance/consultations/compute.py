"""Who consulted a policy and who followed it. Pure but for the tasks, which the ground reads."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from soma import codec
from soma.governance.backtest.beside import FEW, measure_of, on_the_same_tasks
from soma.governance.backtest.replay import Step, judgeable, traced
from soma.governance.model import Shown
from soma.governance.policy import Facts, Policy, is_call
from soma.synthesizer.jobs.divergence.verdict import verdict_of
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Proportion, needed_per_side, proportion
from soma.synthesizer.wording import number

from .model import WAYS, Consultation, Heeded, Named, PolicyChain, Tellings, Told

LEVEL = 0.95
_ORDER: tuple[Heeded, ...] = ("ignored", "followed", "not judged")
_TELLING = re.compile(r"[0-9._-]")
_DO_NOT = (
    "Nobody drew lots over who follows: runs that follow may be the easier ones, and a run that goes on for long in "
    "trouble has more occasions to ignore. The difference is no effect of the policy; only arms drawn at random show "
    "one: soma gates.",
    "Followed means that no later call is one the policy holds against; whether the agent meant to is not known.",
)


def told_by(named: Iterable[Named], policy_id: str, known: Collection[str]) -> Tellings:
    """What really tells the policy, by the run that was told.

    Args:
        named: Texts that hold the id.
        policy_id: The policy.
        known: The executions of the vault. A guard may name a run without the prefix of its framework; it is that run
            when only one ends so.
    """
    told: dict[str, list[Told]] = defaultdict(list)
    shadow: set[str] = set()
    unseen: set[str] = set()
    strangers: set[str] = set()
    natives = _natives(known)
    meant = re.compile(rf"(?<![\w.-]){re.escape(policy_id)}(?![\w-]|\.\w)")
    ordinary = _TELLING.search(policy_id) is None
    for one in named:
        if one.place == "guard":
            hit = _hit(one.said, policy_id)
            if hit is None:
                continue
            run = one.execution_id if one.execution_id in known else natives.get(one.execution_id)
            if run is None:
                strangers.add(one.execution_id)
            elif hit.get("mode") == "shadow":
                shadow.add(run)
            else:
                told[run].append(_by_guard(one, hit))
        elif one.execution_id not in known:
            continue
        elif one.place == "tool" and not meant.search(one.said):
            unseen.add(one.execution_id)
        elif (one.place == "tool" or not ordinary) and meant.search(one.said):
            told[one.execution_id].append(Told(way=one.place, decision_id=one.decision_id, at=one.at))
    return Tellings(
        runs={run: tuple(those) for run, those in sorted(told.items())},
        shadow=len(shadow - set(told)), unseen=len(unseen - set(told)), strangers=len(strangers), ordinary=ordinary,
    )  # fmt: skip


def _natives(known: Iterable[str]) -> dict[str, str]:
    """Executions by their id without the prefix of the framework, where that is one only."""
    found: dict[str, list[str]] = defaultdict(list)
    for execution in known:
        found[execution.partition(":")[2]].append(execution)
    return {native: runs[0] for native, runs in found.items() if native and len(runs) == 1}


def _hit(arguments: str, policy_id: str) -> dict[str, object] | None:
    """What a check says about the policy; an answer that was cut still tells that it was named."""
    try:
        asked = codec.decode(arguments)
    except codec.Undecodable:
        return {} if f'"policy":"{policy_id}"' in arguments else None
    if not isinstance(asked, dict) or not isinstance(hits := asked.get("hits"), list):
        return None
    found = next((hit for hit in hits if isinstance(hit, dict) and hit.get("policy") == policy_id), None)
    return None if found is None else {"callId": asked.get("callId"), **found}


def _by_guard(one: Named, hit: Mapping[str, object]) -> Told:
    evidence = hit.get("evidence")
    return Told(
        way="guard", decision_id=one.decision_id, at=one.at, call_id=str(hit.get("callId") or ""),
        blocked=one.action == "guard:block", digest=str(hit.get("digest") or ""),
        evidence=tuple(map(str, evidence)) if isinstance(evidence, list) else (),
    )  # fmt: skip


def judged(
    ground: Ground, policy: Policy, versions: Mapping[str, Policy], facts: Facts, steps: Sequence[Step],
    execution_id: str, told: Sequence[Told],
) -> Consultation:  # fmt: skip
    """Whether one run followed the policy, by replaying from its first consultation on.

    Args:
        ground: The executions with their tasks.
        policy: The newest version.
        versions: All by digest: the one that was told is replayed where that is known.
        facts: About the run.
        steps: Its decisions in order.
        execution_id: The run.
        told: When it was told; at least once.
    """
    order = {step.decision.decision_id: place for place, step in enumerate(steps)}
    placed = [(place, WAYS.index(one.way), one) for one in told if (place := _place(one, steps, order)) is not None]
    start, _, first = min(placed, key=lambda each: each[:2]) if placed else (0, 0, told[0])
    asked = versions.get(first.digest, policy)
    made = Consultation(
        execution_id=execution_id, agent_id=facts.agent_id, task=ground.task_of(execution_id), way=first.way,
        decision_id=first.decision_id, times=len(told), heeded="not judged",
    )  # fmt: skip
    if not placed:
        return _replace(made, why="when it was told is not known")
    if not asked.scope.covers(facts):
        return _replace(made, why="it is not about this run")
    if not judgeable(asked, facts, steps):
        return _replace(made, why="what its condition asks about is not recorded")
    trace = traced(asked, facts, steps, start=start)
    did = trace.first or next((step.decision for step in steps[start:] if is_call(step.decision)), None)
    # A guard held a call back: that nothing came after is what it asked for. Elsewhere there was nothing to follow.
    if did is None and first.way != "guard":
        return _replace(made, why="no call came after it")
    return _replace(
        made,
        heeded="ignored" if trace.hits else "followed",
        did=did.action if did else None,
        did_step=did.step if did else None,
        did_decision_id=did.decision_id if did else None,
        calls_after=trace.calls,
        against=trace.hits,
    )


_replace = msgspec.structs.replace


def _place(told: Told, steps: Sequence[Step], order: Mapping[str, int]) -> int | None:
    """The place of the first call that was chosen knowing the policy; ``None`` where that cannot be told."""
    match told.way:
        case "prompt":
            return 0
        case "reasoning":
            return order.get(told.decision_id or "")
        case "tool" | "arguments":
            asked = order.get(told.decision_id or "")
            return None if asked is None else asked + 1
    if (call := order.get(told.call_id)) is not None:
        # A call that was held back may be recorded as skipped: it is what was asked about, not what was done then.
        return call + (told.blocked and steps[call].decision.outcome == "skipped")
    if told.evidence and all(each in order for each in told.evidence):
        return max(order[each] for each in told.evidence) + 1
    if told.at is None or any(step.decision.started_at is None for step in steps):
        return None
    return sum((step.decision.started_at or 0) < told.at for step in steps)


def chain_of(
    ground: Ground, shown: Shown, policy: Policy, told: Tellings, made: Sequence[Consultation], *, limit: int,
    delta: float,
) -> PolicyChain:  # fmt: skip
    """The whole chain, from the runs that were told."""
    sides = {heeded: [one for one in made if one.heeded == heeded] for heeded in _ORDER}
    both = [ground.runs[one.execution_id] for one in made if one.heeded != "not judged"]
    followed = {one.execution_id for one in sides["followed"]}
    effect, same_agent = on_the_same_tasks(ground, followed, both)
    measure = effect.measure if effect else measure_of(both)
    ended = [_replace(one, good=did_well(ground.runs[one.execution_id], measure)) for one in made]
    difference = effect.difference if effect else None
    verdict = verdict_of(difference, difference.p_value if difference else None, delta, LEVEL)
    well = {heeded: _well([one for one in ended if one.heeded == heeded]) for heeded in _ORDER}
    more = None
    if verdict == "not enough data" and made:
        rate = effect.others.rate if effect else well["ignored"].rate
        have = min(effect.marked.total, effect.others.total) if effect else 0
        more = max(1, needed_per_side(0.5 if rate is None else rate, delta, LEVEL) - have)
    ended.sort(key=lambda one: (_ORDER.index(one.heeded), one.execution_id))
    ways = Counter(one.way for one in made)
    return PolicyChain(
        policy=policy,
        evidence=shown.evidence,
        insight=shown.proposal,
        ratified=shown.policies,
        consulted=len(made),
        ways={way: ways[way] for way in WAYS if ways[way]},
        followed=len(sides["followed"]),
        ignored=len(sides["ignored"]),
        not_judged=len(sides["not judged"]),
        why_not=dict(sorted(Counter(one.why for one in sides["not judged"]).items())),
        shadow=told.shadow,
        unseen=told.unseen,
        strangers=told.strangers,
        measure=measure,
        followed_well=well["followed"],
        ignored_well=well["ignored"],
        difference=difference,
        same_agent=same_agent,
        compared_followed=effect.marked if effect else None,
        compared_ignored=effect.others if effect else None,
        verdict=verdict,
        delta=delta,
        more=more,
        shown=tuple(ended[:limit]),
        cautions=tuple(_cautions(told, made, across=effect is not None and not same_agent)),
    )


def _well(side: Sequence[Consultation]) -> Proportion:
    known = [one.good for one in side if one.good is not None]
    return proportion(sum(known), len(known), LEVEL)


def _cautions(told: Tellings, made: Sequence[Consultation], *, across: bool) -> list[str]:
    said = list(_DO_NOT) if made else []
    if any(one.way == "guard" for one in made):
        said.append("A guard tells it to runs that are in trouble already: they are not like runs that never met it.")
    if any(one.way in ("prompt", "reasoning", "arguments") for one in made):
        said.append("A text that names a policy need not have read it.")
    if across:
        said.append("Different agents are compared: what they differ in besides following it counts too.")
    if made and sum(one.heeded != "not judged" for one in made) < FEW:
        said.append(f"Only {number(sum(one.heeded != 'not judged' for one in made), 'run')} could be judged.")
    if told.unseen:
        said.append(f"{number(told.unseen, 'run')} asked soma's tools, but what is kept of the answers (2 KiB each) "
                    "does not show this policy: not counted.")  # fmt: skip
    if told.strangers:
        said.append(f"Guards told it to {number(told.strangers, 'run')} the vault does not hold: harvest their traces.")
    if told.shadow:
        said.append(f"In {number(told.shadow, 'run')} guards only counted it (shadow mode): the agent was not told.")
    if told.ordinary:
        said.append(
            "Its id is an ordinary word: that requests, reasoning or arguments hold it was not taken to mean it."
        )
    return said
